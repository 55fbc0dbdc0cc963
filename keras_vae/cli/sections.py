"""The help of a command with many options: by section, as the commands of the program are."""

import typer


class SectionedCommand(typer.core.TyperCommand):
    """A command whose `--help` lists its options under the headings that they were given as `rich_help_panel`."""

    def format_options(self, ctx, formatter):
        sections = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                heading = getattr(parameter, "rich_help_panel", None) or "Other"
                sections.setdefault(heading, []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)
