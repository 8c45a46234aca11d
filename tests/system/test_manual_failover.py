"""SENTINEL FAILOVER: the operator's own move, and when it is refused."""

from harness import Error, SystemTest, Writer, encode, main


class ManualFailover(SystemTest):
    def test_healthy_master(self):
        system = self.cluster()
        old = system.nodes["mymaster"][0]
        leader = system.agents[1]
        writer = Writer(system.agents).start()
        self.addCleanup(writer.stop)
        self.assertEqual(leader.sentinel("FAILOVER", "mymaster"), "OK")
        new = system.wait_switched(old)
        system.wait_following(old, new)
        for node in system.replicas_of(new):
            system.wait_following(node, new)
        number = writer.wait_writing()
        self.assertEqual(new.call("GET", f"record:{number}"), str(number))
        self.assert_one_switch(system, old, new)
        self.assertEqual([len(agent.logged("+try-failover")) for agent in system.agents], [0, 1, 0])

    def test_second_request_while_the_first_runs(self):
        system = self.cluster()
        old = system.nodes["mymaster"][0]
        leader = system.agents[0]
        with leader.connect() as connection:
            # In one write, so that nothing has ended when the second one is read.
            connection.send_raw(encode("SENTINEL", "FAILOVER", "mymaster") * 2)
            self.assertEqual(connection.read(), "OK")
            second = connection.read()
        self.assertIsInstance(second, Error)
        self.assertEqual(str(second), "INPROG Failover already in progress")
        new = system.wait_switched(old)
        system.wait_following(old, new)
        self.assert_one_switch(system, old, new)

    def test_refusals(self):
        system = self.cluster(groups={"mymaster": 1}, agents=["vedette"], options={"quorum": 1})
        agent = system.agents[0]
        for name, text in [("mymaster", "NOGOODSLAVE No suitable replica to promote"),
                           ("nobody", "ERR No such master with that name")]:
            with self.assertRaises(Error) as caught:
                agent.sentinel("FAILOVER", name)
            self.assertEqual(str(caught.exception), text)
        self.assertEqual(agent.logged("+try-failover"), [])
        self.assertTrue(system.nodes["mymaster"][0].is_master())


if __name__ == "__main__":
    main()
