"""The master dies while something else is missing too: an agent, two agents, a replica."""

from harness import Error, SystemTest, main, wait_for, watch


class AgentsMissing(SystemTest):
    def test_one_agent_is_dead(self):
        system = self.cluster()
        old = system.nodes["mymaster"][0]
        dead = system.agents[2]
        dead.kill()
        old.process.kill()
        new = system.wait_switched(old)
        self.assert_one_switch(system, old, new)
        # Whoever slept learns the new address from the others and announces it too.
        dead.start()
        wait_for(lambda: dead.master_address() == new.address, "the third agent to catch up")
        wait_for(lambda: dead.logged("+switch-master"), "the third agent to announce it")
        self.assert_one_switch(system, old, new, agents=system.agents[:2])

    def test_two_agents_are_dead(self):
        """One of three is no majority, whatever the quorum says. With the second it is."""
        system = self.cluster(options={"quorum": 1, "failover-timeout": 3000})
        old, *replicas = system.nodes["mymaster"]
        left, helper, dead = system.agents
        helper.kill()
        dead.kill()
        old.process.kill()
        wait_for(lambda: "o_down" in left.master()["flags"], f"{left} to find the master down")
        wait_for(lambda: sum("s_down" in peer["flags"] for peer in left.peers()) == 2,
                 f"{left} to find its peers down")
        with self.assertRaisesRegex(Error, "^NOQUORUM 1 usable Sentinels. Not enough available "
                                           "Sentinels to reach the majority"):
            left.sentinel("CKQUORUM", "mymaster")

        def check():
            self.assertEqual(left.master_address(), old.address)
            self.assertEqual([node for node in replicas if node.is_master()], [])

        watch(6, check)
        self.assertEqual(left.logged("+elected-leader"), [])
        if left.ours:  # alone it cannot win, so it must not burn epochs either
            self.assertEqual(left.logged("+new-epoch"), [])

        helper.start()
        new = system.wait_switched(old)
        self.assert_one_switch(system, old, new, agents=[left, helper])

    def test_an_agent_is_restarted_from_its_own_file(self):
        system = self.cluster()
        first = system.nodes["mymaster"][0]
        first.process.kill()
        second = system.wait_switched(first)
        first.start()
        system.wait_following(first, second)
        system.wait_settled()

        agent, mate, dead = system.agents
        before = (agent.my_id(), agent.master()["config-epoch"],
                  {peer["runid"] for peer in agent.peers()},
                  {entry["name"] for entry in agent.replicas()})
        agent.kill()
        agent.start()
        # Its first answers come from the file: nothing was heard from anybody yet.
        after = (agent.my_id(), agent.master()["config-epoch"],
                 {peer["runid"] for peer in agent.peers()},
                 {entry["name"] for entry in agent.replicas()})
        self.assertEqual(after, before)
        self.assertEqual(agent.master_address(), second.address)

        # Without its vote there is no majority now.
        system.wait_settled()
        dead.kill()
        second.process.kill()
        third = system.wait_switched(second)
        for voter in (agent, mate):
            self.assertEqual(voter.logged("+switch-master"), [
                f"mymaster {first.host} {first.port} {second.host} {second.port}",
                f"mymaster {second.host} {second.port} {third.host} {third.port}"], voter)

    def test_a_replica_is_dead(self):
        """It is known to be down before the master dies, so it is not chosen."""
        system = self.cluster()
        old, dead, good = system.nodes["mymaster"]
        # By its priority it would be the first choice.
        dead.call("CONFIG", "SET", "replica-priority", "1")
        for agent in system.agents:
            wait_for(lambda a=agent: "1" in [r["slave-priority"] for r in a.replicas()],
                     f"{agent} to read the priority")
        dead.process.kill()
        for agent in system.agents:
            wait_for(lambda a=agent: any("s_down" in r["flags"] for r in a.replicas()),
                     f"{agent} to find the replica down")
        old.process.kill()
        self.assertIs(system.wait_switched(old), good)
        self.assert_one_switch(system, old, good)


if __name__ == "__main__":
    main()
