"""The same dbt project on DuckDB and on Spark, over the same lake, compared relation by relation."""
