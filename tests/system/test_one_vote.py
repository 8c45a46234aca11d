"""One vote in one epoch, also for an agent that dies while it saves the vote.

The test is the candidate: it asks over the wire for votes, kills the agent, starts it again from
its file, and asks in the same epoch for somebody else. Whatever an agent ever answered must agree.
An agent gives no vote for some seconds after a start; until then it answers `*` or what it
recorded.
"""

import random
import threading
import time

from harness import Error, Impatient, SystemTest, main, only_vedette, settings, wait_for

ALICE, BOB = "a" * 40, "b" * 40
POINTS = ("before-write", "after-write", "after-fsync", "after-rename", "after-dirsync")
ON_DISK = ("after-rename", "after-dirsync")  # the vote is in the file at these points
CRASH = 99

SEED = 20250101
PACE = 0.002    # between two asks, in seconds
SHORT = 0.0002  # a save takes some milliseconds
AGENTS, ROUNDS = 4, 5


class Voter:
    """An agent with everything that it ever answered."""

    def __init__(self, agent, master):
        self.agent, self.master = agent, master
        self.epoch = 1         # the newest one that was asked for
        self.candidate = ALICE  # who was asked for in it first
        self.answers = {}      # epoch -> set of ids

    def ask(self, connection, candidate):
        """Asks for a vote in self.epoch; returns whom the agent names, or None if it has not
        decided about that epoch yet."""
        down, leader, epoch = connection.call(
            "SENTINEL", "is-master-down-by-addr", *self.master.address, self.epoch, candidate)
        assert down == 0, "the master is up"
        if leader != "*":
            self.answers.setdefault(epoch, set()).add(leader)
        if not self.agent.ours:
            return leader  # redis-sentinel decides at once, but forgets its votes: `*`
        return leader if leader != "*" and epoch >= self.epoch else None

    def ask_once(self, candidate):
        """The same on a connection of its own; None too if the agent is gone."""
        try:
            with self.agent.connect() as connection:
                return self.ask(connection, candidate)
        except OSError:
            return None

    def other(self):
        return BOB if self.candidate == ALICE else ALICE


class OneVote(SystemTest):
    def voters(self, count):
        names = [f"m{i}" for i in range(count)]
        system = self.unstarted_cluster(groups=dict.fromkeys(names, 1), agents=["vedette"] * count)
        system.start_nodes()
        voters = []
        for name, agent in zip(names, system.agents):
            # Each alone with its master: without peers, only our questions make it save.
            master, = system.nodes[name]
            agent.configure([f"sentinel monitor {name} {master.host} {master.port} 1",
                             f"sentinel down-after-milliseconds {name} 60000"])
            # From the second start on it knows all it can know by itself, so it saves nothing.
            agent.start()
            wait_for(lambda a=agent, n=name: a.master(n)["info-refresh"] != "0",
                     f"{agent} to know the master")
            self.assertEqual(agent.sentinel("FLUSHCONFIG"), "OK")
            self.assertEqual(agent.stop(), 0)
            voters.append(Voter(agent, master))
        return voters

    def check_answers(self, voters):
        for voter in voters:
            double = {epoch: ids for epoch, ids in voter.answers.items() if len(ids) > 1}
            self.assertEqual(double, {}, f"{voter.agent} voted twice")

    @only_vedette
    def test_crash_points_of_the_save(self):
        voters = dict(zip(POINTS, self.voters(len(POINTS))))
        for occasion in (1, 2):  # the first save that comes there, and the second one
            for point, voter in voters.items():
                voter.agent.start(env={"VEDETTE_CRASH_AT": f"{point}:{occasion}"})
                voter.epoch += 1
            granted = {point: 0 for point in POINTS}

            def all_crashed():
                for point, voter in voters.items():
                    if voter.ask_once(voter.candidate) == voter.candidate:
                        granted[point] += 1
                        voter.epoch += 1
                return not any(voter.agent.process.alive() for voter in voters.values())

            wait_for(all_crashed, "every agent to crash at its point")
            self.assertEqual(granted, {point: occasion - 1 for point in POINTS})
            for point, voter in voters.items():
                self.assertEqual(voter.agent.process.wait_exit(), CRASH, point)
                self.assertNotIn(voter.epoch, voter.answers, "answered before it was saved")
                voter.agent.start()
            for point, voter in voters.items():
                other = voter.other()
                named = wait_for(lambda v=voter, o=other: v.ask_once(o), f"a vote after {point}")
                self.assertEqual(named, voter.candidate if point in ON_DISK else other, point)
                # The one who has it may be told `*`: an old vote is not renewed for ever.
                self.assertIn(voter.ask_once(voter.candidate), (named, None), point)
                voter.candidate = named
            self.check_answers(voters.values())
            for voter in voters.values():
                voter.agent.kill()

    def test_killed_while_it_saves(self):
        """kill -9 at a random moment after the save of a vote has begun."""
        dice = random.Random(SEED)
        voters = self.voters(AGENTS)
        for voter in voters:
            voter.agent.start()
        for _ in range(ROUNDS):
            threads = []
            for voter in voters:
                voter.epoch += 1
                delay = dice.uniform(0, 0.004)
                threads += [threading.Thread(target=self.ask_until_killed, args=(voter,)),
                            threading.Thread(target=self.kill_in_save, args=(voter, delay))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for voter in voters:
                self.assertFalse(voter.agent.process.alive(), "no vote was ever saved")
                voter.agent.start()
            for voter in voters:
                # The newest epoch that was answered, then the one that the kill cut off.
                other = voter.other()
                for voter.epoch in sorted({max(voter.answers, default=1), voter.epoch}):
                    named = wait_for(lambda v=voter, o=other: v.ask_once(o),
                                     "a vote after the kill")
                if named != "*":
                    voter.candidate = named
            self.check_answers(voters)

    @staticmethod
    def ask_until_killed(voter):
        def voted_or_gone(connection):
            try:
                return voter.ask(connection, voter.candidate) and "voted"
            except (OSError, Error):
                return "gone"

        with voter.agent.connect(timeout=settings.PATIENCE) as connection:
            while wait_for(lambda: voted_or_gone(connection), "a vote or its end",
                           interval=PACE) == "voted":
                voter.epoch += 1

    @staticmethod
    def kill_in_save(voter, delay):
        def stamp():
            return voter.agent.directory.stat().st_mtime_ns

        before = stamp()
        try:
            wait_for(lambda: stamp() != before, "a new file in its directory", interval=SHORT)
        except Impatient:
            return  # the test says so
        moment = time.monotonic() + delay
        wait_for(lambda: time.monotonic() >= moment, "the moment to kill it", interval=SHORT)
        voter.agent.kill()


if __name__ == "__main__":
    main()
