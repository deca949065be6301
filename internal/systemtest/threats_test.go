package systemtest

import (
	"fmt"
	"go/ast"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/factortest"
	"github.com/knowhave/factor/internal/threats"
)

func TestThreat01ParallelRedemption(t *testing.T) { threats.Threat01ParallelRedemption(t, memory) }
func TestThreat02ParallelGuesses(t *testing.T)    { threats.Threat02ParallelGuesses(t, memory) }
func TestThreat03StepReplay(t *testing.T)         { threats.Threat03StepReplay(t, memory) }
func TestThreat04TextVariants(t *testing.T)       { threats.Threat04TextVariants(t, memory) }
func TestThreat06RenewedBudget(t *testing.T)      { threats.Threat06RenewedBudget(t, memory) }
func TestThreat07ForgottenCount(t *testing.T)     { threats.Threat07ForgottenCount(t, memory) }
func TestThreat08SecondPath(t *testing.T)         { threats.Threat08SecondPath(t, memory) }
func TestThreat09UnprovenReset(t *testing.T)      { threats.Threat09UnprovenReset(t, memory) }
func TestThreat10Mixups(t *testing.T)             { threats.Threat10Mixups(t, memory) }
func TestThreat11LockedAnswer(t *testing.T)       { threats.Threat11LockedAnswer(t, memory) }
func TestThreat12ProbedHoldings(t *testing.T)     { threats.Threat12ProbedHoldings(t, memory) }
func TestThreat13LockAsWeapon(t *testing.T)       { threats.Threat13LockAsWeapon(t, memory) }
func TestThreat15PrintedSecrets(t *testing.T)     { threats.Threat15PrintedSecrets(t, memory) }
func TestThreat18StaleWriter(t *testing.T)        { threats.Threat18StaleWriter(t, memory) }
func TestThreat19BurntCode(t *testing.T)          { threats.Threat19BurntCode(t, memory) }
func TestThreat20ClockJump(t *testing.T)          { threats.Threat20ClockJump(t, memory) }
func TestThreat21RetiredKey(t *testing.T)         { threats.Threat21RetiredKey(t, memory) }
func TestThreat22ErrorPath(t *testing.T)          { threats.Threat22ErrorPath(t, memory) }
func TestThreat23LateWrite(t *testing.T)          { threats.Threat23LateWrite(t, memory) }
func TestThreat24RefundingSweep(t *testing.T)     { threats.Threat24RefundingSweep(t, memory) }
func TestThreat25ShelteringCode(t *testing.T)     { threats.Threat25ShelteringCode(t, memory) }
func TestThreat26TrustedRequest(t *testing.T)     { threats.Threat26TrustedRequest(t, memory) }
func TestThreat27OtherPurpose(t *testing.T)       { threats.Threat27OtherPurpose(t, memory) }
func TestThreat28MinimumAge(t *testing.T)         { threats.Threat28MinimumAge(t, memory) }
func TestThreat29ClocksApart(t *testing.T)        { threats.Threat29ClocksApart(t, memory) }
func TestThreat30PassingFault(t *testing.T)       { threats.Threat30PassingFault(t, memory) }
func TestThreat31CallingBack(t *testing.T)        { threats.Threat31CallingBack(t, memory) }
func TestThreat32UndoingImport(t *testing.T)      { threats.Threat32UndoingImport(t, memory) }
func TestThreat35OutlivingLock(t *testing.T)      { threats.Threat35OutlivingLock(t, memory) }
func TestThreat36VisibleHoldings(t *testing.T)    { threats.Threat36VisibleHoldings(t, memory) }
func TestThreat37ShelteringStale(t *testing.T)    { threats.Threat37ShelteringStale(t, memory) }
func TestThreat38YoungProof(t *testing.T)         { threats.Threat38YoungProof(t, memory) }
func TestThreat39LostNotices(t *testing.T)        { threats.Threat39LostNotices(t, memory) }

func TestThreat05UnlimitedPath(t *testing.T) {
	threats.Threat05UnlimitedPath(t, memory)
	t.Run("no type escapes", func(t *testing.T) {
		for _, f := range exportedFuncs(t) {
			if r := receiver(f); r != "" && takesContext(f) && !slices.Contains(append(threats.Views, "Keyring"), r) {
				t.Errorf("%s.%s acts on a user, and %s is not among threats.Views", r, f.Name.Name, r)
			}
			if receiver(f) == "" && takesContext(f) {
				t.Errorf("%s acts on a user outside of every view", f.Name.Name)
			}
		}
	})
}

func TestThreat14WeakSecrets(t *testing.T) {
	threats.Threat14WeakSecrets(t, memory)
	t.Run("codes are uniform", func(t *testing.T) { uniformCodes(t, 200_000) })
}

// The real Argon2id, because its memory is what is measured.
func TestThreat16HashFlood(t *testing.T) {
	argon := memory
	argon.NewVerifier, argon.Cheap, argon.Hashes = factor.NewVerifier, false, nil
	threats.Threat16HashFlood(t, argon)
	threats.Threat16HashFlood(t, memory)
}

func TestThreat17ClientAddress(t *testing.T) {
	threats.Threat17ClientAddress(t, memory)
	for _, f := range exportedFuncs(t) {
		for _, p := range f.Type.Params.List {
			for _, name := range p.Names {
				if threats.IsAddress(name.Name) {
					t.Errorf("%s takes an address: %s", f.Name.Name, name.Name)
				}
			}
		}
	}
}

// uniformCodes has codes issued and compares their digits, pairs of digits and halves
// with what is uniform, by the chi-square statistic. A fair generator fails once
// in about 10^9 runs.
func uniformCodes(t *testing.T, draws int) {
	views := map[string]func(code string) string{"first half": func(c string) string { return c[:3] }, "second half": func(c string) string { return c[3:] }}
	for i := range 6 {
		views[fmt.Sprintf("digit %d", i)] = func(c string) string { return c[i : i+1] }
		for j := range i {
			views[fmt.Sprintf("digits %d and %d", j, i)] = func(c string) string { return c[j:j+1] + c[i:i+1] }
		}
	}
	v, err := memory.NewVerifier(memory.NewStore(t), factortest.Keyring(), nil)
	if err != nil {
		t.Fatal(err)
	}
	issuer := factor.NewOTPIssuer(v)
	codes := make([]string, draws)
	for i := range codes {
		otp, err := issuer.IssueUnproven(t.Context(), "ann", factor.KindLogin)
		if err != nil {
			t.Fatal(err)
		}
		codes[i] = otp.Code
		if len(codes[i]) != 6 || strings.Trim(codes[i], "0123456789") != "" {
			t.Fatalf("drew %q", codes[i])
		}
	}
	for name, view := range views {
		seen := map[string]int{}
		for _, c := range codes {
			seen[view(c)]++
		}
		cells := int(math.Pow10(len(view(codes[0]))))
		if len(seen) != cells {
			t.Fatalf("%s: %d of %d values were drawn", name, len(seen), cells)
		}
		mean, chi := float64(draws)/float64(cells), 0.0
		for _, n := range seen {
			chi += (float64(n) - mean) * (float64(n) - mean) / mean
		}
		df := float64(cells - 1)
		if limit := df + 6*math.Sqrt(2*df) + 30; chi > limit {
			t.Fatalf("%s: chi-square %.0f with %.0f degrees of freedom, limit %.0f", name, chi, df, limit)
		}
	}
	slices.Sort(codes)
	// All that is drawn of 10^6 cells: 1 − e^(−draws/10^6), within a percent.
	want := 1e6 * (1 - math.Exp(-float64(draws)/1e6))
	if n := len(slices.Compact(codes)); math.Abs(float64(n)-want) > want/100 {
		t.Fatalf("%d different codes among %d, want about %.0f", n, draws, want)
	}
}

// exportedFuncs returns the exported functions and methods of the package, as
// they are written.
func exportedFuncs(t *testing.T) []*ast.FuncDecl {
	t.Helper()
	var found []*ast.FuncDecl
	for _, d := range declarations(t) {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.IsExported() && (receiver(f) == "" || ast.IsExported(receiver(f))) {
			found = append(found, f)
		}
	}
	return found
}

func takesContext(f *ast.FuncDecl) bool {
	for _, p := range f.Type.Params.List {
		if sel, ok := p.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Context" {
			return true
		}
	}
	return false
}
