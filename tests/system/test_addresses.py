"""One server under two addresses, and one address in two spellings; and a server that tells
little of itself."""

from harness import Error, SystemTest, main, only_vedette, wait_for, watch

# Seconds.
UNMOVED = 12        # more than both programs take to make an unexpected master a replica
NEWER = 5           # a config epoch above everybody's
ALICE = "a" * 40


class Addresses(SystemTest):
    def unstarted(self, kind="vedette", agents=3, nodes=2, **description):
        options = {"down-after-milliseconds": 1000, "failover-timeout": 10000,
                   **({} if agents > 1 else {"quorum": 1})}
        return self.unstarted_cluster(place=f"{kind}-{agents}", agents=[kind] * agents,
                                      groups={"mymaster": nodes}, options=options, **description)

    def start_nodes(self, system, *settings):
        """All of the same settings, each behind the first one."""
        nodes = system.nodes["mymaster"]
        for node in nodes:
            node.configure(replica_of=None if node is nodes[0] else nodes[0], settings=settings)
            node.start()
        for node in nodes[1:]:
            system.wait_following(node, nodes[0])
        return nodes

    def start_agents(self, system, names=None):
        """`names`: by which address each knows the master."""
        for index, agent in enumerate(system.agents):
            lines = system.monitor_lines()
            if names:
                monitor = lines[0].split()
                monitor[3] = names[index]
                lines[0] = " ".join(monitor)
            agent.configure(lines)
            agent.start()

    def notes(self, agent, words):
        return [line for line in agent.log.read_text().splitlines() if words in line]

    # ---- two addresses -------------------------------------------------------------------------
    @only_vedette
    def test_files_that_name_it_differently(self):
        """Nothing is settled between them, the log says so, and a failover gives it one name."""
        system = self.unstarted()
        master, replica = self.start_nodes(system, "bind 127.0.0.1 127.0.0.2")
        self.start_agents(system, ["127.0.0.2", "127.0.0.1", "127.0.0.1"])
        for agent in system.agents:
            wait_for(lambda a=agent: self.notes(a, "is the same server as our"),
                     f"{agent} to see what it is")

        def check():
            self.assertTrue(master.is_master() and replica.follows(master))
            self.assertEqual([agent.master_address()[0] for agent in system.agents],
                             ["127.0.0.2", "127.0.0.1", "127.0.0.1"])

        watch(UNMOVED, check)
        master.process.kill()
        wait_for(lambda: {agent.master_address() for agent in system.agents} == {replica.address},
                 "one address of another master")
        master.start()
        system.wait_following(master, replica)

    def test_newer_configuration_with_the_other_address(self):
        """It is taken. Sentinel then makes the master a replica of itself."""
        def group(kind):
            system = self.unstarted(kind, agents=1)
            master, _ = self.start_nodes(system, "bind 127.0.0.1 127.0.0.2")
            self.start_agents(system)
            agent = system.agents[0]
            wait_for(agent.replicas, "its replica")
            fields = ("127.0.0.1", 9, ALICE, NEWER, "mymaster", "127.0.0.2", master.port, NEWER)
            hello = ",".join(map(str, fields))

            def taken():
                agent.call("PUBLISH", "__sentinel__:hello", hello)
                return agent.master_address() == ("127.0.0.2", master.port)

            wait_for(taken, f"{agent} to take the other address")
            return agent, master

        _, master = group("debian")
        wait_for(lambda: not master.is_master(), "Sentinel to point the master at itself")
        self.assertEqual(master.info()["master_host"], "127.0.0.2")

        agent, master = group("vedette")
        watch(UNMOVED, lambda: self.assertTrue(master.is_master()))
        self.assertNotIn(("127.0.0.1", str(master.port)),
                         {(entry["ip"], entry["port"]) for entry in agent.replicas()})

    # ---- two spellings -------------------------------------------------------------------------
    def test_ipv6_has_one_form(self):
        system = self.unstarted(agents=1, nodes=1, hosts=["::1"], agent_hosts=["127.0.0.1"])
        node, = system.nodes["mymaster"]
        node.configure().start()
        self.start_agents(system, ["0:0:0:0:0:0:0:1"])
        agent, = system.agents
        self.assertEqual(agent.master_address(), ("::1", node.port))
        wait_for(lambda: agent.config_values("sentinel", "monitor")
                 == [f"mymaster ::1 {node.port} 1"], "the file to hold it")
        node.process.kill()
        wait_for(lambda: agent.sentinel("is-master-down-by-addr", "::1", node.port, 0, "*")[0] == 1,
                 "the master to be down by that name")

    # ---- servers that tell little --------------------------------------------------------------
    def test_servers_that_refuse_role(self):
        """ROLE is none of the commands that Sentinel's ACL has to hold."""
        system = self.unstarted()
        master, replica = self.start_nodes(
            system, "user default on nopass ~* &* +@all -role", "protected-mode no")
        self.start_agents(system)
        system.wait_settled()
        master.process.kill()
        system.wait_switched(master)
        with self.assertRaisesRegex(Error, "^NOPERM"):
            replica.call("ROLE")
        # Its file says nothing of a master.
        master.start()
        system.wait_following(master, replica)


if __name__ == "__main__":
    main()
