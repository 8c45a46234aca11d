"""A master is lost in each of the usual ways: one failover, seen alike by all."""

import signal

from harness import SystemTest, Writer, main, wait_for


class MasterLost(SystemTest):
    """Three zones, each with a data node and an agent, and a client that writes all the time."""

    def setUp(self):
        self.system = self.cluster(zones=True)
        self.old = self.system.nodes["mymaster"][0]
        self.writer = Writer(self.system.agents).start()
        self.addCleanup(self.writer.stop)

    def check_takeover(self):
        new = self.system.wait_switched(self.old)
        for node in self.system.replicas_of(new):
            if node is not self.old:
                self.system.wait_following(node, new)
        number = self.writer.wait_writing()
        self.assertEqual(new.call("GET", f"record:{number}"), str(number))
        return new

    def check_return(self, new):
        self.system.wait_following(self.old, new)
        self.system.wait_settled()
        number = self.writer.wait_writing()
        wait_for(lambda: self.old.call("GET", f"record:{number}") == str(number),
                 "a new record to arrive at the old master")
        self.assert_one_switch(self.system, self.old, new)

    def test_killed(self):
        self.old.process.kill()
        new = self.check_takeover()
        self.old.start()
        self.check_return(new)

    def test_hung(self):
        """It stops answering while its connections stay open, and later goes on as if nothing
        had been."""
        self.old.process.pause()
        new = self.check_takeover()
        self.old.process.resume()
        self.check_return(new)

    def test_shut_down(self):
        self.old.process.signal(signal.SIGTERM)
        self.assertEqual(self.old.process.wait_exit(), 0)
        new = self.check_takeover()
        self.old.start()
        self.check_return(new)


if __name__ == "__main__":
    main()
