"""Operators change what is monitored while the agents run: REMOVE, MONITOR, RESET, SET."""

from harness import Error, SystemTest, main, wait_for


class Reconfiguration(SystemTest):
    def test_removed_and_monitored_again(self):
        """The agent forgets the master, finds replicas and peers again, and its vote counts."""
        system = self.cluster()
        old = system.nodes["mymaster"][0]
        agent, mate, third = system.agents
        self.assertEqual(agent.sentinel("REMOVE", "mymaster"), "OK")
        self.assertIsNone(agent.master_address())
        with self.assertRaisesRegex(Error, "^ERR No such master with that name$"):
            agent.sentinel("MASTER", "mymaster")
        self.assertEqual(agent.config_values("sentinel", "monitor"), [])
        wait_for(lambda: agent.heard("-monitor"), "-monitor")
        self.assertEqual(agent.heard("-monitor"), [f"master mymaster {old.host} {old.port}"])

        self.assertEqual(agent.sentinel("MONITOR", "mymaster", old.host, old.port, 2), "OK")
        with self.assertRaisesRegex(Error, "^ERR Duplicate master name.$"):
            agent.sentinel("MONITOR", "mymaster", old.host, old.port, 2)
        wait_for(lambda: agent.heard("+monitor"), "+monitor")
        self.assertEqual(agent.heard("+monitor"),
                         [f"master mymaster {old.host} {old.port} quorum 2"])
        self.assertEqual(agent.config_values("sentinel", "monitor"),
                         [f"mymaster {old.host} {old.port} 2"])
        self.assertEqual(agent.master()["down-after-milliseconds"], "30000")
        self.assertEqual(agent.sentinel("SET", "mymaster", "down-after-milliseconds", 1000,
                                        "failover-timeout", 10000), "OK")
        system.wait_settled()

        third.kill()  # without the vote of the agent there is no majority
        old.process.kill()
        new = system.wait_switched(old)
        self.assert_one_switch(system, old, new, agents=[agent, mate])

    def test_reset(self):
        system = self.cluster()
        agent = system.agents[0]
        peers = {peer["runid"] for peer in agent.peers()}
        replicas = {entry["name"] for entry in agent.replicas()}
        self.assertEqual(agent.sentinel("RESET", "no*"), 0)
        self.assertEqual(agent.heard("+reset-master"), [])
        self.assertEqual(agent.sentinel("RESET", "my*"), 1)
        wait_for(lambda: agent.heard("+reset-master"), "+reset-master")
        wait_for(lambda: {peer["runid"] for peer in agent.peers()} == peers,
                 "the peers to be found again")
        wait_for(lambda: {entry["name"] for entry in agent.replicas()} == replicas,
                 "the replicas to be found again")
        names = [event.name for event in agent.events]
        found = [event.payload.split()[1] for event in agent.events[names.index("+reset-master"):]
                 if event.name == "+sentinel"]
        self.assertEqual(sorted(found), sorted(peers))

        system.wait_settled()
        old = system.nodes["mymaster"][0]
        old.process.kill()
        self.assert_one_switch(system, old, system.wait_switched(old))

    def test_reset_has_no_blind_window(self):
        """All agents are reset; the counts are back, and the master that dies then is replaced."""
        system = self.cluster()
        for agent in system.agents:
            self.assertEqual(agent.sentinel("RESET", "mymaster"), 1)
        for agent in system.agents:
            wait_for(lambda: (agent.master()["num-slaves"],
                              agent.master()["num-other-sentinels"]) == ("2", "2"),
                     "the counts to be whole again")
        old = system.nodes["mymaster"][0]
        old.process.kill()
        system.wait_switched(old)

    def test_settings_survive_a_restart(self):
        system = self.cluster(groups={"mymaster": 2}, agents=["vedette"])
        agent = system.agents[0]
        settings = {"quorum": "3", "down-after-milliseconds": "4321", "failover-timeout": "54321",
                    "parallel-syncs": "2"}
        for option, value in settings.items():
            self.assertEqual(agent.sentinel("SET", "mymaster", option, value), "OK")
        with self.assertRaisesRegex(
                Error, "^ERR Invalid argument '0' for SENTINEL SET 'down-after-milliseconds'$"):
            agent.sentinel("SET", "mymaster", "down-after-milliseconds", 0)
        master = system.nodes["mymaster"][0]
        wait_for(lambda: len(agent.heard("+set")) == len(settings), "an event of each setting")
        self.assertEqual(agent.heard("+set"),
                         [f"master mymaster {master.host} {master.port} {option} {value}"
                          for option, value in settings.items()])
        agent.restart()
        self.assertEqual({option: agent.master()[option] for option in settings}, settings)

    def test_change_that_cannot_be_saved(self):
        """The operator is told, the change is in force, and it is saved once the disk is back."""
        system = self.cluster(groups={"mymaster": 1}, agents=["vedette"])
        agent = system.agents[0]
        away = agent.directory.with_name("away")
        agent.directory.rename(away)
        with self.assertRaises(Error) as caught:
            agent.sentinel("SET", "mymaster", "quorum", 7)
        self.assertEqual(str(caught.exception),
                         "ERR Failed to save config file. Check server logs.")
        self.assertEqual(agent.master()["quorum"], "7")
        away.rename(agent.directory)
        if not agent.ours:  # redis-sentinel does not try again by itself
            agent.sentinel("FLUSHCONFIG")
        wait_for(lambda: agent.config_values("sentinel", "monitor")[0].endswith(" 7"),
                 "the change to be saved")


if __name__ == "__main__":
    main()
