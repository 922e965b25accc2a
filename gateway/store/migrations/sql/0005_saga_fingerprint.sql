-- Which table of steps a run goes by, written down when it is first taken up: whoever has another one leaves it alone.

alter table run add column fingerprint text;    -- null: begun before there were fingerprints, or not taken up yet

-- As before, and the first to take a run up says by which table of steps.
create function take_up(subject text, engine_run uuid, worker text, steps text) returns run
language plpgsql as $$
declare taken run;
begin
    update run set epoch = epoch + 1, wakes = wakes + 1, state = 'running', fingerprint = coalesce(fingerprint, steps)
     where run_id = subject returning * into taken;
    perform fence(subject, taken.epoch, engine_run, worker);
    return taken;
end
$$;
