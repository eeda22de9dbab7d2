package people

import (
	"slices"

	"github.com/laurelbadges/laurel/issuer"
)

// Role is what somebody is in an organisation. It is a set of scopes, so that tokens and people are judged by the same words.
type Role string

// All roles there are.
const (
	RoleOwner    Role = "owner"    // may do everything
	RoleIssuer   Role = "issuer"   // achievements, awards, batches, cases
	RoleAssessor Role = "assessor" // reads them; proposes awards and revocations
	RoleAuditor  Role = "auditor"  // reads everything, and the audit log
)

// Roles are all roles, the mightiest first.
func Roles() []Role { return []Role{RoleOwner, RoleIssuer, RoleAssessor, RoleAuditor} }

// Scopes are what somebody of this role may do; none for what is no role.
func (r Role) Scopes() []issuer.Scope {
	switch r {
	case RoleOwner:
		return []issuer.Scope{
			issuer.ScopeAchievementsRead, issuer.ScopeAchievementsWrite, issuer.ScopeCredentialsRead, issuer.ScopeCredentialsWrite,
			issuer.ScopeCredentialsErase, issuer.ScopeCredentialsSign, issuer.ScopeCredentialsPropose, issuer.ScopeKeysRead, issuer.ScopeKeysWrite, issuer.ScopePeopleRead,
			issuer.ScopePeopleWrite, issuer.ScopeIssuerWrite, issuer.ScopeAuditRead, issuer.ScopeCasesRead, issuer.ScopeWebhooksRead, issuer.ScopeWebhooksWrite,
		}
	case RoleIssuer:
		return []issuer.Scope{
			issuer.ScopeAchievementsRead, issuer.ScopeAchievementsWrite, issuer.ScopeCredentialsRead, issuer.ScopeCredentialsWrite,
			issuer.ScopeCredentialsErase, issuer.ScopeCredentialsPropose, issuer.ScopeKeysRead, issuer.ScopeCasesRead,
		}
	case RoleAssessor:
		return []issuer.Scope{issuer.ScopeAchievementsRead, issuer.ScopeCredentialsRead, issuer.ScopeCredentialsPropose, issuer.ScopeKeysRead}
	case RoleAuditor:
		return []issuer.Scope{
			issuer.ScopeAchievementsRead, issuer.ScopeCredentialsRead, issuer.ScopeKeysRead, issuer.ScopePeopleRead,
			issuer.ScopeAuditRead, issuer.ScopeCasesRead, issuer.ScopeWebhooksRead,
		}
	}
	return nil
}

// May says whether somebody of this role may do this.
func (r Role) May(scope issuer.Scope) bool { return slices.Contains(r.Scopes(), scope) }

func (r Role) check() error {
	if !slices.Contains(Roles(), r) {
		return invalid("role", "The role has to be one of owner, issuer, assessor and auditor.")
	}
	return nil
}
