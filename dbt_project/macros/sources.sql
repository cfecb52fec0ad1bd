{# The source of what was summed; several sources are told as such. #}

{% macro one_source(source_code) -%}
    case when min({{ source_code }}) = max({{ source_code }}) then min({{ source_code }}) else 'mixed' end
{%- endmacro %}
