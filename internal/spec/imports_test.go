package spec

import (
	"testing"
	"time"
)

func row(id, key Name, mark Marks) Call {
	s := Secret{Key: key, Last: NoStep, Period: 30, Digits: 6}
	return Call{Op: Import, Held: Holdings{Devices: []HeldElsewhere{{ID: id, Secret: s, Since: noon.add(-time.Hour), Mark: mark}}}}
}

// An import fills a place once, and never one that was filled and emptied here.
func TestAnImportUndoesNothing(t *testing.T) {
	pin := Call{Op: Import, Held: Holdings{PIN: HeldElsewhere{Digits: otherPIN, Mark: 1}}}
	device, moved, other := row(1, 50, 2), row(2, 50, 4), row(1, 51, 8)
	held := Answer{Err: AlreadyEnrolled, Kind: KindDeviceTOTP, Device: 1}
	for name, life := range map[string]func(sc *scene){
		"PIN, refused, then removed": func(sc *scene) {
			sc.ok(setPIN)
			sc.want(Answer{Err: AlreadyEnrolled, Kind: KindPIN}, pin)
			sc.ok(Call{Op: AdminRemovePIN})
			sc.ok(pin)
		},
		"PIN, after a wipe":        func(sc *scene) { sc.ok(setPIN); sc.ok(Call{Op: Forfeit}); sc.ok(pin) },
		"device, revoked":          func(sc *scene) { sc.ok(enrol(1)); sc.ok(Call{Op: AdminRevoke, Device: 1}); sc.ok(device) },
		"device, under another id": func(sc *scene) { sc.ok(device); sc.ok(Call{Op: AdminRevoke, Device: 1}); sc.ok(moved); sc.ok(device) },
		"device, another secret":   func(sc *scene) { sc.ok(device); sc.ok(Call{Op: AdminRevoke, Device: 1}); sc.ok(other) },
		"device, refused before": func(sc *scene) {
			sc.ok(enrol(1))
			sc.want(held, device)
			sc.want(held, device)
			sc.ok(Call{Op: AdminRevoke, Device: 1})
			sc.ok(moved)
		},
	} {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, nil)
			life(sc)
			if len(sc.out.Events) > 0 || sc.s.PIN.Digits != "" || sc.s.deviceCount() > 0 {
				t.Errorf("%v, left %s", sc.out.Events, sc.s)
			}
			sc.ok(Call{Op: Forget})
			sc.ok(pin)
			sc.ok(device)
			sc.want(Answer{Err: AlreadyEnrolled, Kind: KindDeviceTOTP, Device: 1}, moved)
			sc.ok(byPassword(Call{Op: SetPIN, NewPIN: "8299"}))
			sc.ok(pin) // the same row again is no error
		})
	}
}

// A refused import binds nothing, and marks only what it was refused for.
func TestARefusedImportTakesNothing(t *testing.T) {
	sc := newScene(t, func(o *Options) { o.Device.Max = 2 })
	sc.ok(enrol(9))
	first, second := row(1, 50, 2), row(2, 51, 4)
	two := Call{Op: Import, Held: Holdings{Devices: append(first.Held.Devices, second.Held.Devices...)}}
	before := sc.s
	sc.want(refuse(DeviceLimit), two)
	if sc.s != before {
		t.Errorf("left %s, want %s", sc.s, before)
	}
	taken := row(9, 52, 8)
	two.Held.Devices = append(first.Held.Devices, taken.Held.Devices...)
	sc.want(Answer{Err: AlreadyEnrolled, Kind: KindDeviceTOTP, Device: 9}, two)
	if before.Vacated.Keys.add(52); sc.out.Touch != Swap || sc.s.Vacated != before.Vacated {
		t.Errorf("left %s, want %s", sc.s, before)
	}
	sc.ok(first)
	if sc.s.deviceCount() != 2 {
		t.Errorf("what was rolled back is not taken later: %s", sc.s)
	}
}

func TestNames(t *testing.T) {
	var all Names
	for _, n := range []Name{5, 3, 5, 9, 1} {
		all.add(n)
	}
	if all != (Names{1, 3, 5, 9}) || all.has(4) || !all.has(9) {
		t.Errorf("%v", all)
	}
	for n := range Name(NamesKept) {
		all.add(100 + n)
	}
	if !all.has(4) {
		t.Error("a full set has not every name in it")
	}
}
