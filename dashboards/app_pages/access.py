"""Who one is here, what the role gives, and how another area is asked for."""

from dashboards import access_view, shell

access_view.draw_access(shell.open_context().texts)
