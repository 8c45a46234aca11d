"""Nodes and agents that go by their names, as in a Kubernetes StatefulSet."""

from harness import SystemTest, main, own_hosts, wait_for

NAMES = ("one.zone", "two.zone", "three.zone")
AGENTS = ("eins.zone", "zwei.zone", "drei.zone")
ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


class HostNames(SystemTest):
    def setUp(self):
        self.hosts = own_hosts.OwnHosts(**{name.replace(".", "_"): address
                                           for names in (NAMES, AGENTS)
                                           for name, address in zip(names, ADDRESSES)})

    def named_cluster(self, announced=True, **description):
        """Everything is configured by name."""
        system = self.unstarted_cluster(hosts=NAMES, agent_hosts=AGENTS, **description)
        system.start_nodes()
        for agent in system.agents:
            agent.configure(["sentinel resolve-hostnames yes",
                             f"sentinel announce-hostnames {'yes' if announced else 'no'}",
                             *system.monitor_lines()])
            agent.start()
        if announced:
            system.wait_settled()
        return system

    def check_failover(self, **description):
        system = self.named_cluster(**description)
        old = system.nodes["mymaster"][0]
        old.process.kill()
        new = system.wait_switched(old)  # by names
        self.assert_one_switch(system, old, new)
        for node in system.replicas_of(new):
            system.wait_following(node, new)  # REPLICAOF <name>
        old.start()
        system.wait_following(old, new)
        for agent in system.agents:
            self.assertEqual(len(agent.replicas()), 2, f"no node twice: {agent.replicas()}")
            self.assertEqual(len(agent.peers()), 2)
        return system, new

    def test_failover(self):
        system, new = self.check_failover()
        lines = system.agents[0].config_values("sentinel", "monitor")
        self.assertEqual(lines, [f"mymaster {new.host} {new.port} 2"])
        # Both ways at run time.
        address = self.hosts.names[new.host]
        for agent in system.agents:
            agent.sentinel("CONFIG", "SET", "announce-hostnames", "no")
            self.assertEqual(agent.master_address(), (address, new.port))
            self.assertEqual({entry["ip"] for entry in agent.replicas()},
                             set(ADDRESSES) - {address})
            self.assertIn(f"address={address}:{new.port}", agent.call("INFO", "sentinel"))
            agent.sentinel("CONFIG", "SET", "announce-hostnames", "yes")
            self.assertEqual(agent.master_address(), new.address)

    def test_failover_beside_a_sentinel(self):
        self.check_failover(agents=("vedette", "vedette", "debian"))

    def test_addresses_are_told_unless_names_are_announced(self):
        system = self.named_cluster(announced=False, agents=("vedette",), options={"quorum": 1})
        agent, = system.agents
        master = system.nodes["mymaster"][0]
        wait_for(lambda: agent.master()["flags"] == "master", "the master to be well")
        wait_for(lambda: len(agent.replicas()) == 2, "both replicas")
        self.assertEqual(agent.master_address(), (ADDRESSES[0], master.port))
        self.assertEqual({entry["ip"] for entry in agent.replicas()}, set(ADDRESSES[1:]))
        master.process.kill()
        wait_for(lambda: agent.heard("+switch-master"), "a failover")
        old, new = agent.heard("+switch-master")[0].split()[1::2]
        self.assertEqual(old, ADDRESSES[0])
        self.assertIn(new, ADDRESSES[1:])

    def test_a_name_without_an_address_is_waited_for(self):
        self.hosts.set(one_zone=None)
        system = self.unstarted_cluster(hosts=ADDRESSES[:1], groups={"other": 1},
                                        agents=("vedette",), options={"quorum": 1})
        system.start_nodes()
        other = system.nodes["other"][0]
        agent, = system.agents
        agent.configure(["sentinel resolve-hostnames yes", "sentinel announce-hostnames yes",
                         f"sentinel monitor late one.zone {other.port} 1",
                         "sentinel down-after-milliseconds late 1000", *system.monitor_lines()])
        agent.start()
        # It holds nobody up.
        wait_for(lambda: agent.master("other")["flags"] == "master", "the other master")
        wait_for(lambda: "s_down" in agent.master("late")["flags"], "the nameless to be down")
        self.assertIn("Failed to resolve hostname 'one.zone': ", agent.log_text())
        self.hosts.set(one_zone=ADDRESSES[0])
        wait_for(lambda: agent.master("late")["flags"] == "master", "the name to be found")

    def test_a_lookup_that_does_not_end_holds_up_no_end(self):
        system = self.unstarted_cluster(hosts=ADDRESSES[:1], groups={"mymaster": 1},
                                        agents=("vedette",), options={"quorum": 1})
        system.start_nodes()
        agent, = system.agents
        agent.configure(["sentinel resolve-hostnames yes", "sentinel monitor late late.zone 6379 1",
                         *system.monitor_lines()])
        with own_hosts.unanswered():
            agent.start()
            # The loop, the writer of the file, and the one who waits for the name server.
            wait_for(lambda: agent.process.threads() == 3, "the lookup to begin")
            wait_for(lambda: agent.master()["flags"] == "master", "the other master")
            self.assertEqual(agent.stop(), 0)
        self.assertIn("ready to exit", agent.log_text())

    def test_monitor_by_name(self):
        system = self.named_cluster(agents=("vedette",), options={"quorum": 1})
        agent, = system.agents
        port = str(system.nodes["mymaster"][0].port)
        with self.assertRaisesRegex(Exception, "Invalid IP address or hostname specified"):
            agent.sentinel("MONITOR", "late", "none.zone", port, "1")
        self.assertEqual(agent.sentinel("MONITOR", "late", "two.zone", port, "1"), "OK")
        agent.sentinel("CONFIG", "SET", "resolve-hostnames", "no")
        with self.assertRaisesRegex(Exception, "Invalid IP address or hostname specified"):
            agent.sentinel("MONITOR", "later", "three.zone", port, "1")

    def test_without_names_the_file_holds_addresses(self):
        system = self.named_cluster()
        agent = system.agents[0]
        known = agent.replicas(), agent.peers()
        self.assertEqual(agent.sentinel("CONFIG", "SET", "announce-hostnames", "no"), "OK")
        self.assertEqual(agent.sentinel("CONFIG", "SET", "resolve-hostnames", "no"), "OK")
        lines = agent.config.read_text().splitlines()
        self.assertEqual([line for line in lines if ".zone" in line and
                          line.startswith("sentinel ") and "announce-ip" not in line], [])
        agent.stop()
        agent.start()
        self.assertEqual(agent.master_address()[0], ADDRESSES[0])
        self.assertEqual((len(agent.replicas()), len(agent.peers())), tuple(map(len, known)))

    def test_a_name_that_moves(self):
        """A pod comes back with another address: nobody fails over, nobody is lost."""
        system = self.named_cluster(options={"down-after-milliseconds": 20000})
        replica = system.nodes["mymaster"][1]
        replica.process.kill()
        self.hosts.set(two_zone="127.0.0.22")
        replica.start()
        system.wait_following(replica, system.nodes["mymaster"][0])
        system.wait_settled()
        for agent in system.agents:
            self.assertEqual(agent.heard("+switch-master"), [])
            self.assertEqual(len(agent.replicas()), 2)


if __name__ == "__main__":
    own_hosts.enter()
    main()
