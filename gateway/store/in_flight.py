"""What a worker is in the middle of: effects that were written down and sent, and whose outcome nobody knows yet."""

from gateway.store.pool import Database


async def effects_in_flight(database: Database, process_id: int) -> int:
    """How many effects the worker with this process id has under way. Its name in the engine carries the id."""
    async with database.connection() as connection:
        cursor = await connection.execute(_IN_FLIGHT, (str(process_id),))
        row = await cursor.fetchone()
        assert row is not None, "a count is always answered"
        count: int = row[0]
        return count


_IN_FLIGHT = """
select count(*) from attempt a
  join run on run.run_id = a.run_id and run.epoch = a.epoch
  join absurd.t_sagas t on t.params ->> 'run_id' = a.run_id
  join absurd.r_sagas r on r.task_id = t.task_id
 where a.ended_at is null and a.call in ('do', 'undo')
   and r.state = 'running' and split_part(r.claimed_by, ':', 2) = %s
"""
