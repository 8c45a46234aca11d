"""There and back: redis-sentinel 7.0.15 goes on from a file that Vedette rewrote, and Vedette from
one that redis-sentinel rewrote, with id, epochs, votes, replicas and peers."""

from harness import SystemTest, main, wait_for

STATE = ("myid", "current-epoch", "config-epoch", "leader-epoch", "monitor", "known-replica",
         "known-sentinel")


class Files(SystemTest):
    def check(self, before, after):
        """Runs a failover among `before`, then goes on with `after` from the same files."""
        system = self.cluster(agents=[before] * 3)
        first = system.nodes["mymaster"][0]
        first.process.kill()
        system.wait_switched(first)
        first.start()
        second = system.wait_one_master()
        system.wait_settled()
        comment = "# set by hand, to be kept"
        for agent in system.agents:
            with open(agent.config, "a", encoding="utf-8") as file:
                file.write(comment + "\n")
            self.assertEqual(agent.sentinel("FLUSHCONFIG"), "OK")
        kept = [self.state(agent) for agent in system.agents]
        for agent in system.agents:
            self.assertEqual(agent.stop(), 0)

        for agent in system.agents:
            agent.become(after)
            agent.start()
            master = agent.master()
            self.assertEqual((master["ip"], int(master["port"])), second.address)
        for agent, values in zip(system.agents, kept):
            self.assertEqual(self.state(agent), values)
            self.assertEqual(agent.my_id(), values["myid"][0])
            self.assertEqual(agent.master()["config-epoch"], values["config-epoch"][0].split()[1])
            self.assertEqual(sorted(peer["name"] for peer in agent.peers()),
                             sorted(line.split()[3] for line in values["known-sentinel"]))
            self.assertEqual(agent.sentinel("FLUSHCONFIG"), "OK")
            self.assertEqual(self.state(agent), values)
            text = agent.config.read_text()
            self.assertEqual(text.count(comment), 1)
            self.assertNotIn("???", text)

        system.wait_settled()
        before_second = [len(switches) for switches in system.switches()]
        second.process.kill()
        third = system.wait_switched(second)
        second.start()
        if after == "vedette":
            system.wait_following(second, third)
        system.wait_one_master()
        switch = f"mymaster {second.host} {second.port} {third.host} {third.port}"
        for count, switches in zip(before_second, system.switches()):
            self.assertEqual(switches[count], switch)
            if after == "vedette":
                self.assertEqual(len(switches), count + 1)

    @staticmethod
    def state(agent):
        return {word: sorted(agent.config_values("sentinel", word)) for word in STATE}

    def test_from_vedette_to_debian(self):
        self.check("vedette", "debian")

    def test_from_debian_to_vedette(self):
        self.check("debian", "vedette")

    def test_what_people_write(self):
        """Comments, quotes, upper case and unusual order survive both programs in turn."""
        system = self.unstarted_cluster(groups={"mymaster": 2}, agents=["vedette"])
        system.start_nodes()
        agent = system.agents[0]
        node = system.nodes["mymaster"][0]
        agent.configure([
            "# the main database",
            "sentinel down-after-milliseconds mymaster 1234",
            f'SENTINEL MONITOR "mymaster" {node.host} {node.port} 1',
            "",
            "sentinel auth-pass mymaster 's3cret'",
            "sentinel deny-scripts-reconfig yes",
            "maxclients 1000",
        ])
        for kind in ("vedette", "debian", "vedette"):
            agent.become(kind)
            agent.start()
            wait_for(lambda: agent.replicas(), "the replica to be found")
            self.assertEqual(agent.sentinel("FLUSHCONFIG"), "OK")
            self.assertEqual(agent.master()["down-after-milliseconds"], "1234")
            self.assertEqual(agent.stop(), 0)
            text = agent.config.read_text()
            self.assertIn("# the main database\n", text)
            self.assertIn("maxclients 1000\n", text)
            self.assertEqual(len(agent.config_values("sentinel", "auth-pass")), 1)
            self.assertNotIn("???", text)


if __name__ == "__main__":
    main()
