"""One vote in one epoch, also for an agent that dies while it saves the vote.

The test is the candidate: it asks over the wire for votes, kills the agent, starts it again from
its file, and asks in the same epoch for somebody else. Whatever an agent ever answered must agree.
An agent gives no vote for some seconds after a start; until then it answers `*` or what it
recorded.
"""

import random
import threading
import time

from harness import Error, SystemTest, main, only_vedette, settings, wait_for

ALICE, BOB = "a" * 40, "b" * 40
POINTS = ("before-write", "after-write", "after-fsync", "after-rename", "after-dirsync")
ON_DISK = ("after-rename", "after-dirsync")  # the vote is in the file at these points
CRASH = 99

SEED = 20250101
AGENTS, ROUNDS = 4, 6


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
        if epoch >= self.epoch and (leader != "*" or not self.agent.ours):
            return leader  # redis-sentinel forgets at a restart whom it voted for: `*`
        return None

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
        system = self.unstarted_cluster(groups={"mymaster": 1}, agents=["vedette"] * count)
        system.start_nodes()
        master = system.nodes["mymaster"][0]
        for agent in system.agents:
            # Alone, each of them: without peers nothing but our questions makes it save.
            agent.configure([f"sentinel monitor mymaster {master.host} {master.port} 1",
                             "sentinel down-after-milliseconds mymaster 60000"])
            # From the second start on it has an id, and nothing to save by itself.
            agent.start()
            wait_for(lambda a=agent: a.master()["flags"] == "master", f"{agent} to see the master")
            self.assertEqual(agent.stop(), 0)
        return [Voter(agent, master) for agent in system.agents]

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
                self.assertEqual(voter.ask_once(voter.candidate), named, point)
                voter.candidate = named
            self.check_answers(voters.values())
            for voter in voters.values():
                voter.agent.kill()

    def test_killed_at_any_moment(self):
        dice = random.Random(SEED)
        voters = self.voters(AGENTS)
        kills_with_a_question_open = 0
        for _ in range(ROUNDS):
            askers = []
            for voter in voters:
                voter.agent.start()
                # The candidate of the last vote is not kept waiting, so votes follow each other
                # as fast as the disk allows when the kill comes.
                asker = threading.Thread(target=self.ask_for_epoch_after_epoch, args=(voter,))
                asker.start()
                askers.append(asker)
            for voter, asker in zip(voters, askers):
                first = voter.epoch
                wait_for(lambda v=voter, e=first: v.epoch > e, "the first vote after the start")
                time.sleep(dice.uniform(0, 0.05))
                voter.agent.kill()
                asker.join()
                kills_with_a_question_open += voter.epoch not in voter.answers
            for voter in voters:
                voter.agent.start()
            for voter in voters:
                # The newest epoch that was answered, then the one whose answer the kill cut off.
                other = voter.other()
                for voter.epoch in sorted({max(voter.answers), voter.epoch}):
                    named = wait_for(lambda v=voter, o=other: v.ask_once(o),
                                     "a vote after the kill")
                if named != "*":
                    voter.candidate = named
            self.check_answers(voters)
            for voter in voters:
                voter.agent.kill()
        self.assertGreater(kills_with_a_question_open, 0, "no kill hit a vote: nothing was tested")

    @staticmethod
    def ask_for_epoch_after_epoch(voter):
        try:
            with voter.agent.connect(timeout=settings.PATIENCE) as connection:
                voter.epoch += 1
                while True:
                    if voter.ask(connection, voter.candidate):
                        voter.epoch += 1
                    else:
                        time.sleep(0.01)
        except (OSError, Error):
            pass


if __name__ == "__main__":
    main()
