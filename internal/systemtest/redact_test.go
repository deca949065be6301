package systemtest

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// redacting holds the exported structs with a secret. Threat 15 prints each in
// every way.
var redacting = []string{"Credentials", "OTP", "Enrollment", "Keyring", "Import", "ImportedPIN", "ImportedTOTP", "ImportedDevice"}

// open holds the exported structs that may be printed as they are.
var open = []string{

	"Verifier", "PINs", "OTPIssuer", "DeviceTOTPEnroller", "AuthenticatorEnroller", "RecoveryCodes", "ResetGuard", "Admin", // no exported field
	"Options", "PINOptions", "HashOptions", "OTPOptions", "TOTPOptions", "DeviceOptions", "ResetOptions", "Limit",
	"Match", "Holdings", "Device", "Budget", "Status", "Wipe", "Event", "Notice",
	"Record", // its data is sealed
	"MalformedError", "WeakPINError", "AlreadyEnrolledError", "MismatchError", "LockedError", "UserError",
}

// Each exported struct is listed here as holding a secret or not; one that does has
// all the methods that keep it from being printed, on the value and not the
// pointer.
func TestEachExportedStructIsKnownToHoldASecretOrNone(t *testing.T) {
	structs, methods := exportedStructs(t)
	for _, name := range structs {
		if slices.Contains(redacting, name) == slices.Contains(open, name) {
			t.Errorf("%s belongs in redacting, and into Threat 15, or in open", name)
		}
	}
	for _, name := range redacting {
		for _, method := range []string{"String", "GoString", "Format", "LogValue", "MarshalText", "MarshalBinary"} {
			if !slices.Contains(methods, name+"."+method) {
				t.Errorf("%s has no method %s on its value", name, method)
			}
		}
	}
	threat := readFile(t, "internal/threats/t15_printed.go")
	if n := strings.Count(threat, "\tmustRedact(t, "); n < len(redacting) {
		t.Errorf("Threat 15 prints %d types, want all %d", n, len(redacting))
	}
}

// exportedStructs returns the names of the package's exported structs, and of the
// methods on values as Type.Method.
func exportedStructs(t *testing.T) (structs, methods []string) {
	t.Helper()
	for _, d := range declarations(t) {
		ast.Inspect(d, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				if _, ok := n.Type.(*ast.StructType); ok && n.Name.IsExported() {
					structs = append(structs, n.Name.Name)
				}
			case *ast.FuncDecl:
				if n.Recv == nil {
					break
				}
				if of, ok := n.Recv.List[0].Type.(*ast.Ident); ok {
					methods = append(methods, of.Name+"."+n.Name.Name)
				}
			}
			return true
		})
	}
	return structs, methods
}
