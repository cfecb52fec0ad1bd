"""One district, or one commune: the first of the province when nothing below it is chosen."""

from dashboards import area_picker, area_view, shell

context = shell.open_context()
area = context.tree.areas[context.state.area]
if shell.page_of(area) != "page_local":
    province = context.tree.ancestor(area.area_code, "province") or context.tree.of_level("province")[0]
    area = context.tree.children(province.area_code)[0]
context = context.at(area)
area_picker.draw_provinces(context)
area_picker.draw_siblings(context)
area_view.draw(context)
