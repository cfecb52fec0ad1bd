{# A part of a whole in percent, as a floating-point number in every engine: literals such as 100.0 are decimals. #}
{% macro percent(part, whole) %}(cast(100 as double) * {{ part }} / {{ whole }}){% endmacro %}
