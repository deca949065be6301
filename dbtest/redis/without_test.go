package redis_test

import (
	"testing"

	"github.com/knowhave/factor/dbtest/server"
)

func TestWithoutAServerItsTestsAreSkipped(t *testing.T) {
	server.SkipsWithout(t, `^Test(Suite|WhatAFailoverForgets|ContractFindsWhatNewRefuses|PromisesHoldWhenTheProcessIsKilled)$`, "redis-server")
}
