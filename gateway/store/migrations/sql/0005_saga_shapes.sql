-- The step table a run began with, so that another one under the same name and version is noticed. Null: it has not been
-- taken up since this was written down.
alter table run add column shape text;

-- As before, for workers that know no shapes; these end with the release that brings the last of them down.
create function take_up(subject text, engine_run uuid, worker text, performed text) returns run
language plpgsql as $$
declare taken run;
begin
    update run set epoch = epoch + 1, wakes = wakes + 1, state = 'running', shape = coalesce(shape, performed)
     where run_id = subject returning * into taken;
    perform fence(subject, taken.epoch, engine_run, worker);
    return taken;
end
$$;
