"""Mail: letters made, signed and sent, mail received and read. Knows no rule of the domain."""
