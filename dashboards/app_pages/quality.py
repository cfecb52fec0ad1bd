"""What became of every file: check results, rejected rows with reasons, receipts."""

from dashboards import quality_view, shell

context = shell.open_context()
shell.remember(context.state)
quality_view.draw(context)
