"""What skills, roles and cities are called: data of this project, and how it is read."""
