"""Three redis-sentinels are replaced by Vedette one by one, on the same files and ports, and then the
other way round. After each step the master is killed: every member takes part, whatever it is, and
a client that writes all the time sees errors only while there is no master."""

from harness import SystemTest, Writer, main, only_vedette


@only_vedette
class Rolling(SystemTest):
    def test_there_and_back(self):
        self.system = self.cluster(agents=["debian"] * 3)
        self.writer = Writer(self.system.agents).start()
        self.addCleanup(self.writer.stop)
        self.explained = 0  # errors of the client so far that a failover explains
        for kind in ("vedette", "debian"):
            for agent in self.system.agents:
                with self.subTest(f"{agent.name} becomes {kind}"):
                    self.replace(agent, kind)
                    self.fail_over()

    def replace(self, agent, kind):
        """Without a failover, and without an error at the client."""
        id_before = agent.my_id()
        before = self.system.wait_one_master()
        self.assertEqual(agent.stop(), 0)
        agent.become(kind).start()
        self.system.wait_settled()
        self.writer.wait_writing()
        self.assertEqual(agent.my_id(), id_before)
        self.assertIs(self.system.wait_one_master(), before)
        self.assertEqual(self.writer.refused[self.explained:], [])

    def fail_over(self):
        old = self.system.wait_one_master()
        old.process.kill()
        self.system.wait_switched(old)
        old.start()
        self.system.wait_one_master()
        self.system.wait_settled()
        self.writer.wait_writing()
        self.explained = len(self.writer.refused)


if __name__ == "__main__":
    main()
