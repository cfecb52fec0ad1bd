{%- set known = adapter.get_relation(database=this.database, schema=this.schema, identifier='int_registry_starts') %}
{% if known and not is_full_build() %}
select level_code, area_code, start_month from {{ known }}
{% else %}
select cast(null as string) as level_code, cast(null as string) as area_code, cast(null as date) as start_month
where false
{% endif %}
