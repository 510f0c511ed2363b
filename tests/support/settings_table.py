"""The settings as the README shows them."""

from infrastructure.mail.settings import MailSettings
from infrastructure.provider_settings import ProviderSettings
from infrastructure.settings import Settings, variable_of, words_of


def settings_table() -> str:
    """Every setting as a row of a Markdown table, as the README shows it."""
    rows = ["| Variable | Takes | Default | What it does |", "| --- | --- | --- | --- |"]
    # The fields that a class inherits come first; here they come last.
    inherited = ProviderSettings.model_fields | MailSettings.model_fields
    own = {name: field for name, field in Settings.model_fields.items() if name not in inherited}
    for name, field in (own | inherited).items():
        shown = words_of(field, "shown")
        rows.append(
            f"| `{variable_of(name)}` | {words_of(field, 'type')} | {shown} | {field.description} |"
        )
    return "\n".join(rows)
