"""The audit log, for those whose role may read it."""

from dashboards import access_view, shell

access_view.draw_audit(shell.open_context().texts)
