package dynamo

import (
	"testing"

	"github.com/knowhave/factor/dbtest"
)

func TestStoreOnDynalite(t *testing.T) {
	dbtest.Suite{New: newStore, Histories: 100}.Run(t)
}
