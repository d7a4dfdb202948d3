// What a statement is made of, as docs/sql.md and docs/rules.md have it, for colours and completion.

export const keywords =
  'select from where group by having order limit offset as and or not in is null like ilike between case when then else end distinct filter ' +
  'over partition rows range with union all except intersect join left right full inner cross on using asof unnest position table key event ' +
  'time exists cast interval timestamp true false asc desc nulls first last explain show tables describe values lateral qualify extract ' +
  'create replace rule alarm per severity raise clear for publish append qos retain tumble hop session lateness emit every';

export const functions = (
  'abs acos asin atan atan2 cbrt ceil cos cosh degrees exp floor greatest least ln log log10 log2 mod pi pow radians round sign sin sinh sqrt ' +
  'tan tanh trunc coalesce ifnull nullif if typeof concat concat_ws contains ends_with instr left length lower lpad ltrim repeat replace ' +
  'reverse right rpad rtrim split_part starts_with strpos substr trim upper now time_bucket date_trunc date_part date_diff year month day hour ' +
  'minute second epoch epoch_ms epoch_us to_timestamp make_timestamp json_extract json_array_length haversine_m inside_polygon count sum avg ' +
  'min max stddev var median quantile quantile_cont first last min_by max_by count_if list string_agg corr regr_slope approx_count_distinct ' +
  'row_number rank dense_rank lag lead first_value last_value latest changed had_changed counter_rate topic_level'
).split(' ');

// Of every record.
export const columns = 'ts arrival_ts device topic client_id qos stream partition offset payload value'.split(' ');
