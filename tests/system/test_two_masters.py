"""Two masters in one group of agents: one failing after the other, and both at once."""

from harness import SystemTest, main


class TwoMasters(SystemTest):
    def setUp(self):
        self.system = self.cluster(groups={"alpha": 2, "beta": 2})

    def check(self, olds):
        news = {name: self.system.wait_switched(old, name) for name, old in olds.items()}
        for name, old in olds.items():
            self.assert_one_switch(self.system, old, news[name], name)
        return news

    def test_one_after_the_other(self):
        alpha, beta = (self.system.nodes[name][0] for name in ("alpha", "beta"))
        alpha.process.kill()
        self.check({"alpha": alpha})
        # The other group was not touched.
        self.assertEqual([agent.master_address("beta") for agent in self.system.agents],
                         [beta.address] * 3)
        self.assertEqual(self.system.switches("beta"), [[], [], []])
        beta.process.kill()
        self.check({"beta": beta})

    def test_both_at_once(self):
        olds = {name: nodes[0] for name, nodes in self.system.nodes.items()}
        for old in olds.values():
            old.process.kill()
        news = self.check(olds)
        for name, old in olds.items():
            old.start()
            self.system.wait_following(old, news[name])
            self.assert_one_switch(self.system, old, news[name], name)


if __name__ == "__main__":
    main()
