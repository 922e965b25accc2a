import asyncio, sys, tempfile, time
from pathlib import Path
from gateway.store.embedded import acquire
from tests.proof.rig import open_rig
from tests.proof.branches import open_street
from tests.proof.victims import open_nursery, attach, marks
from tests.proof.client import order
from tests.proof.processes import until
import psycopg
async def main():
    home=Path(tempfile.mkdtemp(prefix="proof-")); home.chmod(0o711)
    with acquire(home, durable=False) as server:
        with psycopg.connect(server.url, autocommit=True) as c: c.execute("create database furnished")
        url=server.url.rsplit("/",1)[0]+"/furnished"
        t=time.time()
        async with open_rig(url, home) as rig, open_street(rig, url) as street, open_nursery(rig.environment) as nursery:
            print("up", time.time()-t, home)
            for k in map(int, sys.argv[1:]):
                t=time.time()
                async with street.branch() as b:
                    t1=time.time()
                    pid=await nursery.worker(b.url, home/f"v{k}.log")
                    t2=time.time()
                    v=await attach("strace", pid, at=k, trace=home/f"v{k}.trace")
                    t3=time.time()
                    o=await b.place(order(number=4))
                    async def over(): return not v.alive or await b.is_at_rest()
                    await until(over, what="over", within=30)
                    t4=time.time()
                    shot=v.was_shot()
                    await v.spare()
                    await b.finish(within=40)
                    print(k, "branch",round(t1-t,2),"born",round(t2-t1,2),"att",round(t3-t2,2),"die",round(t4-t3,2),"fin",round(time.time()-t4,2), shot, v.tracer.returncode, await b.channel.status(o), marks(v.trace), flush=True)
asyncio.run(main())
