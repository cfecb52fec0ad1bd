{# A part of a whole in percent, as a floating-point number in every engine: literals such as 100.0 are decimals. #}
{% macro percent(part, whole) %}(cast(100 as double) * {{ part }} / {{ whole }}){% endmacro %}

{# The sum of a floating-point term, added as decimals of ten digits: the order in which rows are added, which is the
   engine's, moves no last digit of what is published. #}
{% macro exact_sum(term) %}cast(sum(cast({{ term }} as decimal(28, 10))) as double){% endmacro %}
