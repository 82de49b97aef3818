

def test_layers_behind_a_whitening_or_indicators_get_unit_variance_too():
    X = np.random.default_rng(9).normal(size=(300, 6))
    X[::3, 1] = np.nan
    for layer in (fanin.Whiten(0.9, missing="mean"), fanin.Standardize("median")):
        net = fanin.Network(6, [layer, fanin.Dense(20, "relu"), fanin.Dense(1)])
        net.adapt(X)
        report = fanin.lsuv(net, X)
        assert [row.name for row in report.layers] == ["layer2", "layer3"]
        assert all(row.after == pytest.approx(1, abs=0.01) for row in report.layers)
