"""Vedettes and Debian's redis-sentinels with the same settings: the race for leadership is open."""

from harness import SystemTest, main


class OpenRace(SystemTest):
    def check(self, agents):
        # Above 1.1 s, below which real Sentinels can fail over a healthy master after a switch.
        system = self.cluster(agents=agents, options={"down-after-milliseconds": 2000})
        old = system.nodes["mymaster"][0]
        for _ in range(2):
            old.process.kill()
            new = system.wait_switched(old)
            old.start()
            system.wait_following(old, new)
            system.wait_settled()
            switches = system.switches()
            self.assertEqual(switches, switches[:1] * len(agents))
            old = new
        self.assertEqual(len(switches[0]), 2)

    def test_one_debian(self):
        self.check(("debian", "vedette", "vedette"))

    def test_two_debians(self):
        self.check(("debian", "vedette", "debian"))


if __name__ == "__main__":
    main()
