"""Lanes: bounds, turns between callers, no thread lost."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.web.http_server.lanes import Lane, LaneFull


class Gate:
    """Work that waits until it is opened, and the order in which it was done."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self._open = threading.Event()

    def work(self, name: str):
        def wait() -> str:
            assert self._open.wait(20)
            self.order.append(name)
            return name

        return wait

    def open(self) -> None:
        self._open.set()


def run(scenario):
    async def limited():
        async with asyncio.timeout(30):
            await scenario()

    # In a thread of its own: a browser test before it may have left an event loop in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, limited()).result()


async def started(lane, gate, *callers):
    """Tasks of these callers, in this order in the queue."""
    tasks = []
    for place, caller in enumerate(callers):
        tasks.append(asyncio.create_task(lane.run(caller, gate.work(f"{caller}{place}"))))
        await asyncio.sleep(0)
    return tasks


def test_callers_take_turns():
    async def scenario():
        lane, gate = Lane("test", 1, 20, when_full="full"), Gate()
        tasks = await started(lane, gate, *"aaaabc")
        gate.open()
        await asyncio.gather(*tasks)
        assert gate.order == ["a0", "a1", "b4", "c5", "a2", "a3"]

    run(scenario)


def test_a_full_lane_refuses_and_is_not_full_afterwards():
    async def scenario():
        lane, gate = Lane("test", 1, 4, when_full="Too many."), Gate()
        tasks = await started(lane, gate, "a", "a", "a")
        with pytest.raises(LaneFull, match=r"Too many\. 2 of those that wait are yours"):
            await lane.run("a", lambda: None)
        tasks += await started(lane, gate, "b", "c")
        with pytest.raises(LaneFull):
            await lane.run("d", lambda: None)
        gate.open()
        await asyncio.gather(*tasks)
        assert await lane.run("a", lambda: "done") == "done"

    run(scenario)


def test_no_thread_is_lost_to_errors_and_cancelled_callers():
    async def scenario():
        lane, gate = Lane("test", 1, 9, when_full="full"), Gate()
        first, second, third = await started(lane, gate, *"abc")
        second.cancel()
        await asyncio.sleep(0)
        gate.open()
        assert await first == "a0"
        assert await third == "c2"

        def fail():
            raise ValueError("mine")

        for _ in range(3):
            with pytest.raises(ValueError, match="mine"):
                await lane.run("a", fail)
        assert await lane.run("a", lambda: "done") == "done"

    run(scenario)


def test_one_caller_has_at_most_half_of_the_threads():
    async def scenario():
        lane, gate = Lane("test", 4, 20, when_full="full"), Gate()
        tasks = await started(lane, gate, *"aaaa")
        assert await lane.run("b", lambda: "at once") == "at once"
        gate.open()
        await asyncio.gather(*tasks)
        assert sorted(gate.order) == ["a0", "a1", "a2", "a3"]
        assert await asyncio.gather(*(lane.run("c", lambda: 1) for _ in range(9))) == [1] * 9

    run(scenario)


def test_a_lane_needs_no_new_thread_for_what_it_takes(monkeypatch):
    def no_thread(*_arguments):
        raise RuntimeError("can't start new thread")

    async def scenario():
        lane, gate = Lane("test", 2, 20, when_full="full"), Gate()
        monkeypatch.setattr(threading.Thread, "start", no_thread)
        tasks = await started(lane, gate, *"abc")
        gate.open()
        assert sorted(await asyncio.gather(*tasks)) == ["a0", "b1", "c2"]

    run(scenario)
