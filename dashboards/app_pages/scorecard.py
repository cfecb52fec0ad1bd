"""How good the data of an area and its facilities are, and the letters that say what to mend."""

from dashboards import scorecard_view, shell

context = shell.open_context()
shell.remember(context.state)
scorecard_view.draw(context)
