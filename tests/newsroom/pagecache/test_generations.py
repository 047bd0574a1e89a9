import gc
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from newsroom.pagecache import generations
from newsroom.pagecache.generations import NEVER, Generations, slot_of, slots_of

ROOT = Path(__file__).resolve().parents[3]

#: Opens a change of "front" and then does what the test says.
CHILD = """
import sys, time
from pathlib import Path
from newsroom.pagecache.generations import Generations
counters = Generations(Path(sys.argv[1]))
change = counters.open(["front"], boundary=5_000_000)
print(counters.owner, flush=True)
time.sleep(60)
"""


@pytest.fixture
def counters(tmp_path):
    made = Generations(tmp_path)
    yield made
    gc.collect()
    made.close()


@pytest.fixture
def other_process(tmp_path):
    """Another process that has a change open."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    child.owner = int(child.stdout.readline())
    yield child
    child.kill()
    child.wait()
    child.stdout.close()


def is_fresh(counters, sequence, *keys):
    return counters.is_fresh(sequence, slots_of(keys))


class TestTouching:
    def test_makes_stale_what_was_made_from_the_key_before(self, counters):
        before = counters.sequence
        counters.touch(["article:1"])
        assert not is_fresh(counters, before, "article:1", "front")

    def test_leaves_other_pages_fresh(self, counters):
        before = counters.sequence
        counters.touch(["article:1"])
        assert is_fresh(counters, before, "article:2")

    def test_leaves_what_is_made_afterwards_fresh(self, counters):
        counters.touch(["article:1"])
        assert is_fresh(counters, counters.sequence, "article:1")

    def test_of_everything_reaches_every_page(self, counters):
        before = counters.sequence
        counters.touch_everything()
        assert not is_fresh(counters, before, "article:2")
        assert is_fresh(counters, counters.sequence, "article:2")

    def test_is_seen_by_another_process(self, counters, tmp_path):
        before = counters.sequence
        done = (
            "import sys; from pathlib import Path;"
            "from newsroom.pagecache.generations import Generations;"
            "Generations(Path(sys.argv[1])).touch(['front'])"
        )
        subprocess.run([sys.executable, "-c", done, str(tmp_path)], cwd=ROOT, check=True)
        assert not is_fresh(counters, before, "front")

    def test_is_still_known_after_a_restart(self, tmp_path):
        first = Generations(tmp_path)
        before, epoch = first.sequence, first.epoch
        first.touch(["front"])
        first.close()
        second = Generations(tmp_path)
        assert second.epoch == epoch
        assert not is_fresh(second, before, "front")
        second.close()


class TestAnOpenChange:
    def test_makes_its_keys_stale_at_once(self, counters):
        before = counters.sequence
        change = counters.open(["front"])
        assert not is_fresh(counters, before, "front")
        change.close()

    def test_keeps_what_is_made_meanwhile_from_being_fresh(self, counters):
        change = counters.open(["front"])
        meanwhile = counters.sequence
        assert not is_fresh(counters, meanwhile, "front")
        change.close()
        assert not is_fresh(counters, meanwhile, "front")
        assert is_fresh(counters, counters.sequence, "front")

    def test_lasts_until_the_last_of_several_is_closed(self, counters):
        one, two = counters.open(["front", "article:1"]), counters.open(["front"])
        one.close()
        assert not is_fresh(counters, counters.sequence, "front")
        assert is_fresh(counters, counters.sequence, "article:1")
        two.close()
        assert is_fresh(counters, counters.sequence, "front")

    def test_is_not_ended_by_a_touch(self, counters):
        change = counters.open(["front"])
        counters.touch(["front"])
        assert not is_fresh(counters, counters.sequence, "front")
        change.close()

    def test_ends_when_nobody_holds_it_any_more(self, counters):
        before = counters.sequence
        change = counters.open(["front"])
        del change
        gc.collect()
        assert not is_fresh(counters, before, "front")
        assert is_fresh(counters, counters.sequence, "front")

    def test_can_be_closed_twice(self, counters):
        change = counters.open(["front"])
        other = counters.open(["front"])
        change.close()
        change.close()
        assert not is_fresh(counters, counters.sequence, "front")
        other.close()

    def test_of_very_many_keys_is_one_of_everything(self, counters):
        before = counters.sequence
        change = counters.open([f"article:{number}" for number in range(generations.MANY + 1)])
        assert not is_fresh(counters, counters.sequence, "section:1")
        change.close()
        assert not is_fresh(counters, before, "section:1")
        assert is_fresh(counters, counters.sequence, "section:1")

    def test_is_made_of_everything_when_there_is_little_room(self, counters, monkeypatch):
        monkeypatch.setattr(generations, "RECORDS", 3)
        first = counters.open(["a", "b"])
        second = counters.open(["c", "d"])
        assert not is_fresh(counters, counters.sequence, "anything")
        with pytest.raises(OverflowError):
            counters.open(["e"])
        second.close()
        assert is_fresh(counters, counters.sequence, "c")
        first.close()
        assert is_fresh(counters, counters.sequence, "a")


class TestAProcessThatDies:
    def test_does_not_leave_its_keys_lifted(self, counters, other_process):
        assert not is_fresh(counters, counters.sequence, "front")
        other_process.send_signal(signal.SIGKILL)
        other_process.wait()
        assert not is_fresh(counters, counters.sequence, "front")
        before = counters.sequence
        assert counters.reap()
        assert not is_fresh(counters, before, "front")
        assert is_fresh(counters, counters.sequence, "front")
        assert not counters.reap()

    def test_may_have_committed_a_boundary_that_nobody_looked_up(self, counters, other_process):
        counters.turn(NEVER, 1, [], counters.announced)
        other_process.kill()
        other_process.wait()
        counters.reap()
        assert counters.boundary == 0

    def test_is_not_taken_for_dead_while_it_lives(self, counters, other_process):
        assert not counters.reap()
        assert not is_fresh(counters, counters.sequence, "front")

    def test_is_cleaned_up_after_by_the_next_one_with_its_number(self, tmp_path, other_process):
        other_process.kill()
        other_process.wait()
        next_one = Generations(tmp_path)
        assert next_one.owner == other_process.owner
        assert is_fresh(next_one, next_one.sequence, "front")
        next_one.close()


class TestProcesses:
    def test_have_numbers_of_their_own(self, counters, other_process):
        assert counters.owner != other_process.owner

    def test_lose_no_touch_of_each_other(self, counters, tmp_path):
        """Four processes touch; the sequence number grows by exactly as many steps."""
        script = (
            "import sys; from pathlib import Path;"
            "from newsroom.pagecache.generations import Generations;"
            "counters = Generations(Path(sys.argv[1]));"
            "[counters.touch([f'article:{n % 7}']) for n in range(500)]"
        )
        before = counters.sequence
        children = [
            subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT)
            for _number in range(4)
        ]
        assert [child.wait() for child in children] == [0] * 4
        assert counters.sequence == before + 4 * 500


class TestTheFile:
    def test_is_missed_when_it_is_removed(self, counters):
        assert counters.is_current()
        counters.path.unlink()
        assert not counters.is_current()

    def test_of_another_folder_has_another_epoch(self, counters, tmp_path):
        other = Generations(tmp_path / "other")
        assert other.epoch != counters.epoch
        other.close()

    def test_is_small(self, counters):
        assert os.stat(counters.path).st_size < 10_000_000


class TestBoundaries:
    def test_are_looked_up_first(self, counters):
        assert counters.boundary == 0

    def test_are_named_by_turning(self, counters):
        counters.turn(100, 50, ["front"], counters.announced)
        assert (counters.boundary, counters.turned) == (100, 50)

    def test_are_named_only_after_what_the_clock_changed_is_touched(self, counters, monkeypatch):
        """Else who meets the new one in between takes old pages for fresh."""
        counters.expect(100)
        put, seen = counters._put, []
        monkeypatch.setattr(
            counters, "_put", lambda slots: (seen.append(counters.boundary), put(slots))
        )
        counters.turn(300, 200, ["front"], counters.announced)
        assert seen[0] <= 100
        assert counters.boundary == 300

    def test_come_earlier_with_an_earlier_change(self, counters):
        counters.turn(100, 50, [], counters.announced)
        change = counters.open(["front"], boundary=70)
        assert counters.boundary == 70
        change.close()
        counters.expect(90)
        assert counters.boundary == 70

    def test_stay_passed_when_one_was_named_during_the_look_up(self, counters):
        counters.turn(100, 50, [], counters.announced)
        announced = counters.announced
        change = counters.open(["front"], boundary=150)
        counters.turn(300, 101, [], announced)
        assert counters.boundary == 100
        change.close()
        counters.turn(150, 102, [], counters.announced)
        assert counters.boundary == 150

    def test_are_named_again_when_their_change_is_committed(self, counters):
        """A look-up between opening and commit can't have seen it."""
        change = counters.open(["front"], boundary=150)
        counters.turn(300, 101, [], counters.announced)
        assert counters.boundary == 300
        change.close()
        assert counters.boundary == 150


class NeverStale(RuleBasedStateMachine):
    """Changes, renderings and questions in every order, step by step, against a plain model.

    A page is made from two facts. A change goes through open, commit, close; a rendering through
    begin, reading each fact, keep. Whatever counts as fresh must show every committed change.
    """

    FACTS = ("article:1", "section:2", "front")

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.counters = Generations(Path(self.folder.name))
        self.facts = dict.fromkeys(self.FACTS, 0)
        self.changes = []
        self.renderings = []
        self.kept = []

    @rule(keys=st.sets(st.sampled_from(FACTS), min_size=1))
    def open_change(self, keys):
        self.changes.append([self.counters.open(keys), keys, False])

    @precondition(lambda self: any(not change[2] for change in self.changes))
    @rule(data=st.data())
    def commit_change(self, data):
        waiting = [number for number, change in enumerate(self.changes) if not change[2]]
        change = self.changes[data.draw(st.sampled_from(waiting))]
        change[2] = True
        for key in change[1]:
            self.facts[key] += 1

    @precondition(lambda self: self.changes)
    @rule(data=st.data(), is_dropped=st.booleans())
    def close_change(self, data, is_dropped):
        """After its commit, or as a rollback does without one."""
        change = self.changes.pop(data.draw(st.integers(0, len(self.changes) - 1)))
        if is_dropped:
            del change
            gc.collect(0)
        else:
            change[0].close()

    @rule(keys=st.sets(st.sampled_from(FACTS), min_size=1))
    def begin_rendering(self, keys):
        self.renderings.append((self.counters.sequence, {}, sorted(keys)))

    @precondition(lambda self: any(r[2] for r in self.renderings))
    @rule(data=st.data())
    def read_a_fact(self, data):
        rendering = data.draw(st.sampled_from([r for r in self.renderings if r[2]]))
        key = rendering[2].pop()
        rendering[1][key] = self.facts[key]

    @precondition(lambda self: any(not r[2] for r in self.renderings))
    @rule(data=st.data())
    def keep(self, data):
        rendering = data.draw(st.sampled_from([r for r in self.renderings if not r[2]]))
        self.renderings.remove(rendering)
        self.kept.append((rendering[0], rendering[1]))

    @rule(key=st.sampled_from(FACTS))
    def touch_for_no_reason(self, key):
        self.counters.touch([key])

    @invariant()
    def shows_every_committed_change(self):
        for sequence, read in getattr(self, "kept", ()):
            if self.counters.is_fresh(sequence, slots_of(read)):
                assert read == {key: self.facts[key] for key in read}

    def teardown(self):
        if hasattr(self, "counters"):
            for change in self.changes:
                change[0].close()
            # With everything closed, what is rendered now is kept as fresh.
            assert self.counters.is_fresh(self.counters.sequence, slots_of(self.FACTS))
            self.counters.close()
            self.folder.cleanup()


TestNeverStale = NeverStale.TestCase
TestNeverStale.settings = hypothesis_settings(
    max_examples=60, stateful_step_count=40, deadline=None
)


class TestSlots:
    def test_are_the_same_in_every_release(self):
        # Processes of two releases share the file during an upgrade.
        assert slot_of("article:42") == generations.EVERYTHING + 1 + 350351

    def test_speak_for_everything_too(self):
        assert generations.EVERYTHING in slots_of(["front"])
