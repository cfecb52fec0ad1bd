{# A number in [0, 1) that a text always gets, evenly spread over texts, the same in every engine. #}

{% macro steady_share(text) -%}
    {%- set digits -%}instr('0123456789abcdef', substr(md5({{ text }}), {% endset -%}
    ((({{ digits }}1, 1)) - 1) * 256 + ({{ digits }}2, 1)) - 1) * 16 + ({{ digits }}3, 1)) - 1)) / 4096.0)
{%- endmacro %}
