"""Answers to commands are true."""
import asyncio
import tempfile
import unittest
from pathlib import Path
from typing import Any, Optional

from tidegate.command_runner import WAITING_MAX, CommandRunner
from tidegate.commands import CommandCall, CommandFailed, CommandKind, CommandRejected, decide
from tidegate.events import CommandRun
from tidegate.messages import Command, CommandUpdate
from tidegate.outcomes import COMMANDS_KEPT, Outcomes, Remembered

from .support import ManualClock

ONCE = CommandKind(lambda call: None, idempotent=False)
AGAIN = CommandKind(lambda call: None, idempotent=True)


def word(known: int, remembered: Optional[Remembered], kind: Optional[CommandKind], overdue: bool = False) -> str:
    decision = decide(Command("id", "name", {}, known), remembered, kind, overdue)
    if decision == "run":
        return "run"
    assert isinstance(decision, CommandUpdate)
    return f"{decision.state} {decision.body['code']}" if isinstance(decision.body, dict) and "code" in decision.body else decision.state


class Decisions(unittest.TestCase):
    def test_a_known_outcome_is_the_answer_in_every_case(self) -> None:
        done = Remembered("succeeded", {"sum": 5})
        for known in (0, 1, 2, 255):
            for kind in (ONCE, AGAIN, None):
                for overdue in (False, True):
                    self.assertEqual(
                        decide(Command("id", "add", {}, known), done, kind, overdue), CommandUpdate("id", "succeeded", {"sum": 5})
                    )

    def test_a_command_never_sent_before_is_run_unless_unknown_or_overdue(self) -> None:
        self.assertEqual([word(0, None, kind) for kind in (ONCE, AGAIN, None)], ["run", "run", "rejected unknown_command"])
        self.assertEqual([word(0, None, kind, True) for kind in (ONCE, AGAIN, None)], ["rejected expired"] * 3)

    def test_a_command_that_may_have_run_is_lost_unless_it_is_idempotent(self) -> None:
        for known in (1, 2, 255):
            self.assertEqual([word(known, None, kind) for kind in (ONCE, AGAIN, None)], ["failed lost", "run", "failed lost"])
            self.assertEqual([word(known, None, kind, True) for kind in (ONCE, AGAIN)], ["failed lost"] * 2)

    def test_a_command_that_was_begun_and_never_finished_is_lost_even_if_the_gateway_does_not_know(self) -> None:
        self.assertEqual([word(0, Remembered("begun"), kind) for kind in (ONCE, AGAIN)], ["failed lost", "run"])


class RunnerTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "commands.db"
        self.clock = ManualClock()
        self.sent: list[CommandUpdate] = []
        self.runs: list[str] = []
        self.kinds: dict[str, CommandKind] = {"add": CommandKind(self.add, False), "set": CommandKind(lambda call: call.params, True)}
        self.start()

    def add(self, call: CommandCall) -> Any:
        return {"sum": call.params["a"] + call.params["b"]}

    def start(self) -> None:
        self.outcomes = Outcomes(self.path)
        self.runner = CommandRunner(self.outcomes, self.kinds, self.clock, self.sent.append, self.note)

    def note(self, event: Any) -> None:
        assert isinstance(event, CommandRun)
        self.runs.append(event.id)

    async def asyncSetUp(self) -> None:
        self.task = asyncio.create_task(self.runner.run())

    async def asyncTearDown(self) -> None:
        await self.stop()

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self.outcomes.close()

    async def restart(self) -> None:
        await self.stop()
        self.start()
        self.task = asyncio.create_task(self.runner.run())

    async def take(self, *commands: Command) -> list[tuple[str, Any]]:
        """The updates that are sent until nothing changes any more."""
        before = len(self.sent)
        for command in commands:
            self.runner.take(command, 1795305600000)
        for _ in range(20):
            await asyncio.sleep(0)
        return [(update.state, update.body) for update in self.sent[before:]]

    async def test_received_running_succeeded(self) -> None:
        sent = await self.take(Command("1", "add", {"a": 2, "b": 3}, 0))
        self.assertEqual(sent, [("received", None), ("running", None), ("succeeded", {"sum": 5})])

    async def test_a_repeat_is_answered_without_running_it_again_also_after_a_restart(self) -> None:
        await self.take(Command("1", "add", {"a": 2, "b": 3}, 0))
        self.assertEqual(await self.take(Command("1", "add", {"a": 2, "b": 3}, 2)), [("succeeded", {"sum": 5})])
        await self.restart()
        self.assertEqual(await self.take(Command("1", "add", {"a": 2, "b": 3}, 255)), [("succeeded", {"sum": 5})])
        self.assertEqual(self.runs, ["1"])

    async def test_the_outcome_is_on_disk_before_it_is_sent(self) -> None:
        remembered: list[Any] = []
        self.runner._report = lambda update: remembered.append((update.state, self.outcomes.of(update.id)))
        await self.take(Command("1", "add", {"a": 2, "b": 3}, 0))
        self.assertEqual(remembered, [("received", None), ("running", Remembered("begun")), ("succeeded", Remembered("succeeded", {"sum": 5}))])

    async def test_a_command_cut_off_by_a_restart_is_lost_and_stays_so(self) -> None:
        forever: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.kinds["wait"] = CommandKind(lambda call: forever, False)
        self.assertEqual([state for state, _ in await self.take(Command("1", "wait", {}, 0))], ["received", "running"])
        await self.restart()
        for _ in range(2):
            (state, body), = await self.take(Command("1", "wait", {}, 2))
            self.assertEqual((state, body["code"]), ("failed", "lost"))
        self.assertEqual(self.runs, ["1"])

    async def test_an_idempotent_command_cut_off_is_run_again(self) -> None:
        self.outcomes.begin("1")
        self.assertEqual((await self.take(Command("1", "set", {"s": 5}, 2)))[-1], ("succeeded", {"s": 5}))

    async def test_commands_run_one_after_the_other_and_a_repeat_meanwhile_gets_the_present_state(self) -> None:
        gate: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.kinds["wait"] = CommandKind(lambda call: gate, False)
        first, second = Command("1", "wait", {}, 0), Command("2", "add", {"a": 1, "b": 1}, 0)
        await self.take(first, second)
        self.assertEqual(await self.take(first, second), [("running", None), ("received", None)])
        gate.set_result("done")
        self.assertEqual(await self.take(), [("succeeded", "done"), ("running", None), ("succeeded", {"sum": 2})])
        self.assertEqual(self.runs, ["1", "2"])

    async def test_a_command_that_expires_while_it_waits_never_runs(self) -> None:
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.kinds["wait"] = CommandKind(lambda call: gate, False)
        await self.take(Command("1", "wait", {}, 0), Command("2", "add", {"a": 1, "b": 1}, 0, ttl_ms=1000))
        self.clock.step(1000)
        gate.set_result(None)
        self.assertEqual((await self.take())[-1], ("rejected", {"code": "expired"}))
        self.assertEqual(self.runs, ["1"])

    async def test_a_command_that_is_overdue_by_the_gateways_time_is_expired(self) -> None:
        self.assertEqual(await self.take(Command("1", "add", {}, 0, None, 1795305600000)), [("rejected", {"code": "expired"})])
        self.assertEqual((await self.take(Command("2", "set", 1, 0, None, 1795305600001)))[-1], ("succeeded", 1))

    async def test_a_command_beyond_the_queue_is_rejected(self) -> None:
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.kinds["wait"] = CommandKind(lambda call: gate, False)
        await self.take(Command("0", "wait", {}, 0))
        sent = await self.take(*[Command(str(place), "wait", {}, 0) for place in range(1, WAITING_MAX + 2)])
        self.assertEqual([state for state, _ in sent], ["received"] * WAITING_MAX + ["rejected"])

    async def test_a_handler_says_how_it_failed(self) -> None:
        def fail(call: CommandCall) -> None:
            raise CommandFailed("broken", "the valve does not move")

        def reject(call: CommandCall) -> None:
            raise CommandRejected("params_invalid")

        self.kinds.update(fail=CommandKind(fail, True), reject=CommandKind(reject, True), odd=CommandKind(lambda call: {1, 2}, True))
        self.assertEqual((await self.take(Command("1", "fail", {}, 0)))[-1], ("failed", {"code": "broken", "message": "the valve does not move"}))
        self.assertEqual((await self.take(Command("2", "reject", {}, 0)))[-1], ("rejected", {"code": "params_invalid"}))
        state, body = (await self.take(Command("3", "add", None, 0)))[-1]
        self.assertEqual((state, body["code"]), ("failed", "error"))
        state, body = (await self.take(Command("4", "odd", None, 0)))[-1]
        self.assertEqual((state, body["code"]), ("succeeded", "result_unreadable"))
        self.assertEqual((await self.take(Command("5", "add", {"a": 1, "b": 1}, 0)))[-1], ("succeeded", {"sum": 2}))

    async def test_progress_is_reported_between_0_and_1_and_only_while_it_runs(self) -> None:
        calls: list[CommandCall] = []

        def work(call: CommandCall) -> None:
            calls.append(call)
            for share in (0.4, 7.0, float("nan")):
                call.progress(share)

        self.kinds["work"] = CommandKind(work, True)
        sent = await self.take(Command("1", "work", {}, 0))
        self.assertEqual([body for state, body in sent if state == "running"], [None, {"progress": 0.4}, {"progress": 1.0}])
        before = len(self.sent)
        calls[0].progress(0.5)
        self.assertEqual(len(self.sent), before)

    async def test_the_newest_outcomes_are_kept_and_what_was_begun_is_never_forgotten(self) -> None:
        self.outcomes.begin("cut-off")
        for place in range(COMMANDS_KEPT + 5):
            self.outcomes.finish(CommandUpdate(str(place), "succeeded"))
        self.assertEqual(self.outcomes.of("cut-off"), Remembered("begun"))
        self.assertIsNone(self.outcomes.of("0"))
        self.assertEqual(self.outcomes.of(str(COMMANDS_KEPT + 4)), Remembered("succeeded"))
        self.assertGreaterEqual(sum(self.outcomes.of(str(place)) is not None for place in range(COMMANDS_KEPT + 5)), 8)
