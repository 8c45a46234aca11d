"""Vedettes and Debian's redis-sentinels in one group: the failover completes, whoever leads.

The one that must lead has quorum 1 and a short down-after-milliseconds; the others would notice
only much later, so they take part by voting and by believing the leader's hello.
"""

from harness import SystemTest, Writer, main

# Real Sentinels below about 1.1 s can fail over a healthy master right after a switch.
LEADS = {"quorum": 1, "down-after-milliseconds": 2000}
FOLLOWS = {"quorum": 2, "down-after-milliseconds": 20000}

ONE_DEBIAN = ("vedette", "vedette", "debian")
TWO_DEBIANS = ("vedette", "debian", "debian")


class Mixed(SystemTest):
    def check(self, agents, leader):
        """Forced to be led by agents[leader]."""
        own = {i: LEADS if i == leader else FOLLOWS for i in range(len(agents))}
        system = self.cluster(agents=agents, own_options=own)
        chief = system.agents[leader]
        old = system.nodes["mymaster"][0]
        writer = Writer(system.agents).start()
        self.addCleanup(writer.stop)
        old.process.kill()
        new = system.wait_switched(old)
        for node in system.replicas_of(new):
            system.wait_following(node, new)
        writer.wait_writing()
        old.start()
        system.wait_following(old, new)
        self.assert_one_switch(system, old, new)
        for agent in system.agents:
            self.assertEqual(len(agent.logged("+elected-leader")), agent is chief, agent)
        votes = [agent.logged("+vote-for-leader")[-1:] for agent in system.agents]
        epoch = chief.master()["config-epoch"]
        self.assertGreaterEqual(votes.count([f"{chief.my_id()} {epoch}"]), 2, votes)
        # All hold the same configuration, also in their files.
        for agent in system.agents:
            self.assertEqual(agent.master()["config-epoch"], epoch, agent)
            self.assertEqual(agent.config_values("sentinel", "config-epoch"), [f"mymaster {epoch}"])

    def test_vedette_leads_a_vedette_and_a_debian(self):
        self.check(ONE_DEBIAN, leader=0)

    def test_debian_leads_two_vedettes(self):
        self.check(ONE_DEBIAN, leader=2)

    def test_vedette_leads_two_debians(self):
        self.check(TWO_DEBIANS, leader=0)

    def test_debian_leads_a_debian_and_a_vedette(self):
        self.check(TWO_DEBIANS, leader=1)


if __name__ == "__main__":
    main()
