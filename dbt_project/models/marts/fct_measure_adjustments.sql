-- What leaving values out adds to every area above them: joined to the facts only where somebody asks for it.
{{ climb(ref('int_measure_adjustments'), 'true') }}
