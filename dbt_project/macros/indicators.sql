{# The engine of indicators: sum the parts over a period, divide last. The warehouse and `niis compute` render it. #}

{# The bit of a term among those of its indicator and role, counted from 0: a value stands when every bit is found. #}
{% macro term_bit(term_no) %}cast(power(2, {{ term_no }}) as bigint){% endmacro %}

{# What parts add up to, as columns of a query grouped by area, period and indicator. #}
{% macro part_sums(parts, value) -%}
    sum({{ parts }}.weight * {{ value }}) filter (where {{ parts }}.part_role = 'numerator') as numerator_sum,
        sum({{ parts }}.weight * {{ value }}) filter (where {{ parts }}.part_role = 'denominator') as denominator_sum,
        coalesce(bit_or({{ parts }}.term_bit) filter (where {{ parts }}.part_role = 'numerator'), 0) as numerator_found,
        coalesce(bit_or({{ parts }}.term_bit) filter (where {{ parts }}.part_role = 'denominator'), 0) as denominator_found
{%- endmacro %}

{# What the parts of indicators come to in each area and period: the `sums` of `judged_values`, keyed by
   `period_value_keys()`.

   facts    hierarchy_code, level_code, area_code, month, span_start_month, measure_code, source_code, value
   parts    rows of `dim_indicator_parts`
   periods  rows of `dim_period_months` #}
{% macro period_sums(facts, parts, periods) -%}
    select
        facts.hierarchy_code,
        facts.level_code,
        facts.area_code,
        periods.period_type,
        periods.period,
        periods.period_start_month,
        periods.period_end_month,
        parts.indicator_code,
        {{ part_sums('parts', 'facts.value') }},
        {{ unit_sums('parts', 'facts.value') }},
        {{ one_source('facts.source_code') }} as source_code
    from {{ facts }} as facts
    inner join {{ parts }} as parts on facts.measure_code = parts.measure_code
    inner join {{ periods }} as periods
        on {{ add_months('facts.month', '-12 * parts.offset_years') }} = periods.month
        -- A report over a longer time is in a period only as a whole.
        and {{ add_months('facts.span_start_month', '-12 * parts.offset_years') }} >= periods.period_start_month
    group by all
{%- endmacro %}

{# The same in two steps, for many periods that share their months: each month is summed once, and then the periods of
   those sums. For a few values of one period the other is quicker.

   area_keys, period_keys  what names an area in `facts` and a period in `periods`, and the result's keys: numbers are
                           grouped in half the time of texts #}
{% macro period_sums_of_months(facts, parts, periods, area_keys, period_keys) -%}
    select
        {% for key in area_keys -%}
        months.{{ key }},
        {% endfor -%}
        {% for key in period_keys -%}
        periods.{{ key }},
        {% endfor -%}
        months.indicator_code,
        sum(months.numerator_sum) as numerator_sum,
        sum(months.denominator_sum) as denominator_sum,
        bit_or(months.numerator_found) as numerator_found,
        bit_or(months.denominator_found) as denominator_found,
        sum(months.units_included) as units_included,
        sum(months.units_expected) as units_expected,
        sum(months.units_with_records) as units_with_records,
        {{ one_source('months.source_code') }} as source_code
    from (
        select
            {% for key in area_keys -%}
            facts.{{ key }},
            {% endfor -%}
            {{ add_months('facts.month', '-12 * parts.offset_years') }} as month,
            {{ add_months('facts.span_start_month', '-12 * parts.offset_years') }} as span_start_month,
            parts.indicator_code,
            {{ part_sums('parts', 'facts.value') }},
            {{ unit_sums('parts', 'facts.value') }},
            {{ one_source('facts.source_code') }} as source_code
        from {{ facts }} as facts
        inner join {{ parts }} as parts on facts.measure_code = parts.measure_code
        group by all
    ) as months
    inner join {{ periods }} as periods
        on months.month = periods.month and months.span_start_month >= periods.period_start_month
    group by all
{%- endmacro %}

{# How many units are in, of those expected, as columns of the same query. #}
{% macro unit_sums(parts, value) -%}
    sum({{ value }}) filter (where {{ parts }}.part_role = 'included') as units_included,
        sum({{ value }}) filter (where {{ parts }}.part_role = 'expected') as units_expected,
        sum({{ value }}) filter (where {{ parts }}.part_role = 'with_records') as units_with_records
{%- endmacro %}

{# The role of the parts that say how many a value is about: of a ratio its denominator, of a count its number. #}
{% macro divided_by(indicators) -%}
    case when {{ indicators }}.indicator_kind = 'count' then 'numerator' else 'denominator' end
{%- endmacro %}

{% macro period_value_keys() -%}
    {{ return(['hierarchy_code', 'level_code', 'area_code', 'period_type', 'period', 'period_start_month',
        'period_end_month']) }}
{%- endmacro %}

{# The bits that an indicator needs, as columns of a query grouped by indicator. #}
{% macro needed_bits(bit, name) -%}
    {%- for role in ['numerator', 'denominator'] %}
        cast(coalesce(sum({{ bit }}) filter (where part_role = '{{ role }}'), 0) as bigint) as {{ role }}_{{ name }}
        {%- if not loop.last %},{% endif %}
    {%- endfor %}
{%- endmacro %}

{# Values and their statuses: a query with `keys`, indicator_code, numerator, denominator, value, units_included,
   units_expected, value_status, definition_version, source_code.

   sums        keys, indicator_code, the columns of `part_sums`, units_included, units_expected, units_with_records,
               source_code
   indicators  indicator_code, indicator_kind, missing_policy, multiplier, definition_version, and for numerator and
               denominator `_bits` and `_dose_bits` (those that count as found where records were sent)
   A zero is a value; what is missing has none, and its status says why. #}
{% macro judged_values(sums, indicators, keys) -%}
    select
        {% for key in keys -%}
        {{ key }},
        {% endfor -%}
        indicator_code,
        case when has_numerator and judgement <> 'not_reported' then coalesce(numerator_sum, 0) end as numerator,
        case when has_denominator then coalesce(denominator_sum, 0) end as denominator,
        case
            when judgement = 'value' and indicator_kind = 'count' then multiplier * coalesce(numerator_sum, 0)
            when judgement = 'value' then multiplier * coalesce(numerator_sum, 0) / denominator_sum
        end as value,
        cast(coalesce(units_included, 0) as bigint) as units_included,
        cast(coalesce(units_expected, 0) as bigint) as units_expected,
        case
            when judgement <> 'value' then judgement
            when coalesce(units_included, 0) < coalesce(units_expected, 0) then 'calculated_partial'
            else 'calculated'
        end as value_status,
        definition_version,
        source_code
    from (
        select
            *,
            case
                when missing_policy <> 'none' and coalesce(units_included, 0) = 0 then 'not_reported'
                when not has_numerator then 'not_reported'
                when indicator_kind = 'count' then 'value'
                when not has_denominator then 'no_denominator'
                when coalesce(denominator_sum, 0) = 0 then 'zero_denominator'
                else 'value'
            end as judgement
        from (
            select
                sums.*,
                indicators.indicator_kind,
                indicators.missing_policy,
                indicators.multiplier,
                indicators.definition_version,
                (sums.numerator_found
                    | case when sums.units_with_records > 0 then indicators.numerator_dose_bits else 0 end)
                    = indicators.numerator_bits as has_numerator,
                indicators.denominator_bits > 0
                    and (sums.denominator_found
                        | case when sums.units_with_records > 0 then indicators.denominator_dose_bits else 0 end)
                    = indicators.denominator_bits as has_denominator
            from {{ sums }} as sums
            inner join {{ indicators }} as indicators using (indicator_code)
        ) as found
    ) as judged
{%- endmacro %}

{# What a month gets of a number for `span_months`: whole numbers, and the last month what is left, so that the months
   sum to it. `phase` in [0, 1) says where the remainders fall; the same months for all would leave a nation of small
   places without targets in January and with too many in December. #}
{% macro spread_share(value, position, span_months, phase) -%}
    case
        when {{ position }} = {{ span_months }}
            then {{ value }} - floor({{ value }} * ({{ span_months }} - 1) / {{ span_months }} + {{ phase }})
        else
            floor({{ value }} * {{ position }} / {{ span_months }} + {{ phase }})
            - floor({{ value }} * ({{ position }} - 1) / {{ span_months }} + {{ phase }})
    end
{%- endmacro %}
