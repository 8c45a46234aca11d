"""Failovers of redis-sentinel that go wrong, and Vedette's in the same situation: each test shows a
defect on the one, and then that the other does not have it."""

from harness import SystemTest, main, only_vedette, wait_for, watch

# Seconds.
SILENT = 8      # of the 2 x failover-timeout that Sentinel waits after a lost election
STUBBORN = 3    # of the failover-timeout that it waits for a replica that refused

NEVER = 9       # a quorum that three agents do not reach


@only_vedette
class HazardsOfFailover(SystemTest):
    def group(self, kind, **description):
        return self.cluster(place=kind, agents=[kind] * 3, **description)

    # ---- a lost election -------------------------------------------------------------------------
    def test_lost_election(self):
        """An agent that found no majority is silent for 2 x failover-timeout, also when the others
        are there again. Ours asks them as soon as they are."""
        sentinels, _ = self.lose_the_others("debian")
        candidate = sentinels.agents[0]
        wait_for(lambda: candidate.heard("-failover-abort-not-elected"), "a lost election")
        self.let_them_return(sentinels)
        watch(SILENT, lambda: self.assertEqual(len(candidate.heard("+try-failover")), 1))
        self.assertEqual(candidate.heard("+switch-master"), [])

        ours, old = self.lose_the_others("vedette")
        self.let_them_return(ours)
        ours.wait_switched(old)

    def lose_the_others(self, kind):
        """The master and two of three agents die; the third one needs no other to call it down,
        and the others never do that."""
        never = {"quorum": NEVER}
        system = self.group(kind, options={"quorum": 1, "failover-timeout": 20000},
                            own_options={1: never, 2: never})
        for agent in system.agents[1:]:
            agent.kill()
        old = system.nodes["mymaster"][0]
        old.process.kill()
        wait_for(lambda: system.agents[0].heard("+odown"), "the master to be down")
        return system, old

    @staticmethod
    def let_them_return(system):
        candidate, *others = system.agents
        for agent in others:
            agent.start()
        gone = ("s_down", "disconnected")  # besides these, they may say that the master is down
        wait_for(lambda: not any(flag in peer["flags"] for peer in candidate.peers()
                                 for flag in gone), "the others to be well")

    # ---- the choice of the replica ---------------------------------------------------------------
    def test_replica_that_refuses(self):
        """Sentinel waits for a replica that refused to be promoted until failover-timeout, and
        chooses it again. Ours takes the next one."""
        sentinels, _, stubborn = self.with_a_stubborn_one("debian")
        leader = wait_for(lambda: self.who_chose(sentinels, stubborn), "it to be chosen")
        watch(STUBBORN, lambda: self.assertEqual(len(leader.heard("+selected-slave")), 1))
        wait_for(lambda: leader.heard("-failover-abort-slave-timeout"), "Sentinel to give it up")
        self.assertEqual(leader.heard("+switch-master"), [])

        ours, old, stubborn = self.with_a_stubborn_one("vedette")
        new = ours.wait_switched(old)
        self.assertIsNot(new, stubborn)
        self.assertIsNotNone(self.who_chose(ours, stubborn))

    def with_a_stubborn_one(self, kind):
        """The master dies; the replica that is first by its priority knows no REPLICAOF."""
        system = self.unstarted_cluster(kind, agents=[kind] * 3,
                                        options={"failover-timeout": 5000})
        old, stubborn, other = system.nodes["mymaster"]
        old.configure().start()
        stubborn.configure(old, ["replica-priority 1", 'rename-command REPLICAOF ""',
                                 'rename-command SLAVEOF ""']).start()
        other.configure(old).start()
        for agent in system.agents:
            agent.configure(system.monitor_lines()).start()
        system.wait_settled()
        old.process.kill()
        return system, old, stubborn

    @staticmethod
    def who_chose(system, node):
        chosen = f"slave {node.host}:{node.port} "
        for agent in system.agents:
            if any(text.startswith(chosen) for text in agent.heard("+selected-slave")):
                return agent
        return None


if __name__ == "__main__":
    main()
