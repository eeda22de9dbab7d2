package console

import (
	"net/http"
	"strings"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/issuer"
)

// route is one address of the console and what it takes to be answered there.
type route struct {
	method  string
	path    string
	scope   issuer.Scope // what the role in the organisation of the path has to allow; "" on pages of no organisation
	open    bool         // answered without anybody being signed in
	recent  bool         // answered to whoever has signed in a short time ago, and else asked to do so once more
	body    int64        // bytes at most; 0 is that of all forms, credential.Limits.Body
	handler handler
}

const (
	pathConsole = "/console"
	pathAssets  = "/console/static/:file"
	pathSignIn  = "/sign-in"
	pathAccount = "/console/account"
	inside      = pathConsole + "/:organisation" // everything of one organisation
)

// largeForm bounds forms with a picture or a file: 2 MiB of a file, once as it is and once as a form keeps it, and the rest.
const largeForm = 6 << 20

// at is the path of a link that carries its token as a query.
func at(link string) string {
	path, _, _ := strings.Cut(link, "?")
	return path
}

// routes are all addresses of the console. What is not in this table does not exist. A test asks for each of them with every role of
// the organisation, with every role of another one, and without any.
func (s *server) routes() []route {
	const (
		get, post = http.MethodGet, http.MethodPost
		seeA      = issuer.ScopeAchievementsRead
		writeA    = issuer.ScopeAchievementsWrite
		seeC      = issuer.ScopeCredentialsRead
		writeC    = issuer.ScopeCredentialsWrite
		erase     = issuer.ScopeCredentialsErase
		propose   = issuer.ScopeCredentialsPropose // whoever may write may propose as well
		seeP      = issuer.ScopePeopleRead
		writeP    = issuer.ScopePeopleWrite
		seeK      = issuer.ScopeKeysRead
		writeK    = issuer.ScopeKeysWrite
		writeI    = issuer.ScopeIssuerWrite
		seeW      = issuer.ScopeWebhooksRead
		writeW    = issuer.ScopeWebhooksWrite
		audit     = issuer.ScopeAuditRead
	)
	all := []route{
		{method: get, path: pathAssets, open: true, handler: s.static},

		// Signing in
		{method: get, path: pathSignIn, open: true, handler: s.signInPage},
		{method: post, path: pathSignIn, open: true, handler: s.askLink},
		{method: get, path: at(people.PathLink), open: true, handler: s.linkPage},
		{method: post, path: at(people.PathLink), open: true, handler: s.useLink},
		{method: get, path: at(people.PathFirst), open: true, handler: s.firstPage},
		{method: post, path: at(people.PathFirst), open: true, handler: s.useFirst},
		{method: get, path: people.PathInvitation + ":token", open: true, handler: s.invitationPage},
		{method: post, path: people.PathInvitation + ":token", open: true, handler: s.acceptInvitation},
		{method: post, path: "/sign-in/passkey/begin", open: true, handler: s.beginPasskey},
		{method: post, path: "/sign-in/passkey/finish", open: true, handler: s.finishPasskey},
		{method: post, path: "/sign-in/provider", open: true, handler: s.beginProvider},
		{method: get, path: people.PathProvider, open: true, handler: s.finishProvider},
		{method: post, path: "/sign-out", open: true, handler: s.signOut},

		// Of whoever is signed in
		{method: get, path: pathConsole, handler: s.choose},
		{method: get, path: pathAccount, handler: s.accountPage},
		{method: post, path: pathAccount + "/name", handler: s.changeAccount},
		{method: post, path: pathAccount + "/sessions", handler: s.endSessions},
		{method: post, path: pathAccount + "/passkeys", handler: s.removePasskey},
		{method: post, path: pathAccount + "/passkeys/begin", recent: true, handler: s.beginNewPasskey},
		{method: post, path: pathAccount + "/passkeys/finish", recent: true, handler: s.finishNewPasskey},
		{method: get, path: at(people.PathAddress), handler: s.addressPage},
		{method: post, path: at(people.PathAddress), handler: s.useAddress},

		{method: get, path: pathAccount + "/passkeys/new", recent: true, handler: s.newPasskey},
		{method: get, path: pathAgain, handler: s.againPage},
		{method: post, path: pathAgain, handler: s.askLinkAgain},

		// Of the installation, for those who administer it
		{method: get, path: pathInstallation, handler: s.installation},
		{method: get, path: pathInstallation + "/organisations/new", recent: true, handler: s.newOrganisation},
		{method: post, path: pathInstallation + "/organisations/new", recent: true, handler: s.newOrganisation},
		{method: get, path: pathInstallation + "/organisations/:organisation/adopt", recent: true, handler: s.adopt},
		{method: post, path: pathInstallation + "/organisations/:organisation/adopt", recent: true, handler: s.adopt},
		{method: get, path: pathInstallation + "/accounts/:account/disable", recent: true, handler: s.disableAccount},
		{method: post, path: pathInstallation + "/accounts/:account/disable", recent: true, handler: s.disableAccount},
		{method: get, path: pathInstallation + "/accounts/:account/enable", recent: true, handler: s.enableAccount},
		{method: post, path: pathInstallation + "/accounts/:account/enable", recent: true, handler: s.enableAccount},
		{method: get, path: pathInstallation + "/accounts/:account/erase", recent: true, handler: s.eraseAccount},
		{method: post, path: pathInstallation + "/accounts/:account/erase", recent: true, handler: s.eraseAccount},

		// Of an organisation
		{method: get, path: inside, scope: seeA, handler: s.home},

		{method: get, path: inside + "/achievements", scope: seeA, handler: s.achievements},
		{method: get, path: inside + "/achievements/new", scope: writeA, handler: s.newAchievement},
		{method: post, path: inside + "/achievements/new", scope: writeA, body: largeForm, handler: s.draftAchievement},
		{method: get, path: inside + "/achievements/import", scope: writeA, handler: s.importPage},
		{method: post, path: inside + "/achievements/import", scope: writeA, body: largeForm, handler: s.importAchievements},
		{method: get, path: inside + "/achievements/:id", scope: seeA, handler: s.achievement},
		{method: get, path: inside + "/achievements/:id/picture", scope: seeA, handler: s.achievementPicture},
		{method: get, path: inside + "/achievements/:id/export", scope: seeA, handler: s.exportAchievement},
		{method: get, path: inside + "/achievements/:id/edit", scope: writeA, handler: s.editAchievement},
		{method: post, path: inside + "/achievements/:id/edit", scope: writeA, body: largeForm, handler: s.redraftAchievement},
		{method: get, path: inside + "/achievements/:id/publish", scope: writeA, handler: s.publishPage},
		{method: post, path: inside + "/achievements/:id/publish", scope: writeA, handler: s.publishAchievement},
		{method: get, path: inside + "/achievements/:id/archive", scope: writeA, handler: s.archivePage},
		{method: post, path: inside + "/achievements/:id/archive", scope: writeA, handler: s.archiveAchievement},
		{method: get, path: inside + "/achievements/:id/version", scope: writeA, handler: s.versionPage},
		{method: post, path: inside + "/achievements/:id/version", scope: writeA, handler: s.makeVersion},
		{method: get, path: inside + "/achievements/:id/settings", scope: writeA, handler: s.settingsPage},
		{method: post, path: inside + "/achievements/:id/settings", scope: writeA, handler: s.changeSettings},

		{method: get, path: inside + "/awards", scope: seeC, handler: s.awards},
		{method: post, path: inside + "/awards", scope: seeC, handler: s.searchAwards},
		{method: get, path: inside + "/awards/new", scope: propose, handler: s.newAward},
		{method: post, path: inside + "/awards/new", scope: propose, handler: s.makeAward},
		{method: get, path: inside + "/awards/:id", scope: seeC, handler: s.award},
		{method: get, path: inside + "/awards/:id/revoke", scope: propose, handler: s.revokePage},
		{method: post, path: inside + "/awards/:id/revoke", scope: propose, handler: s.revoke},
		{method: get, path: inside + "/awards/:id/suspend", scope: writeC, handler: s.suspendPage},
		{method: post, path: inside + "/awards/:id/suspend", scope: writeC, handler: s.suspend},
		{method: get, path: inside + "/awards/:id/reinstate", scope: writeC, handler: s.reinstatePage},
		{method: post, path: inside + "/awards/:id/reinstate", scope: writeC, handler: s.reinstate},
		{method: get, path: inside + "/awards/:id/correct", scope: propose, handler: s.correctPage},
		{method: post, path: inside + "/awards/:id/correct", scope: propose, handler: s.correct},
		{method: get, path: inside + "/awards/:id/renew", scope: propose, handler: s.renewPage},
		{method: post, path: inside + "/awards/:id/renew", scope: propose, handler: s.renew},

		// The office: people, tokens, settings, keys, endorsements, webhooks, activity
		{method: get, path: inside + "/office", scope: seeA, handler: s.office},
		{method: get, path: inside + "/office/people", scope: seeP, handler: s.peoplePage},
		{method: get, path: inside + "/office/people/invite", scope: writeP, recent: true, handler: s.invitePage},
		{method: post, path: inside + "/office/people/invite", scope: writeP, recent: true, handler: s.invite},
		{method: get, path: inside + "/office/people/invitations/:invitation/withdraw", scope: writeP, recent: true, handler: s.withdraw},
		{method: post, path: inside + "/office/people/invitations/:invitation/withdraw", scope: writeP, recent: true, handler: s.withdraw},
		{method: get, path: inside + "/office/people/:account/role", scope: writeP, recent: true, handler: s.changeRole},
		{method: post, path: inside + "/office/people/:account/role", scope: writeP, recent: true, handler: s.changeRole},
		{method: get, path: inside + "/office/people/:account/remove", scope: writeP, recent: true, handler: s.removeMember},
		{method: post, path: inside + "/office/people/:account/remove", scope: writeP, recent: true, handler: s.removeMember},

		{method: get, path: inside + "/office/tokens", scope: seeP, handler: s.tokens},
		{method: get, path: inside + "/office/tokens/new", scope: writeP, recent: true, handler: s.newToken},
		{method: post, path: inside + "/office/tokens/new", scope: writeP, recent: true, handler: s.makeToken},
		{method: get, path: inside + "/office/tokens/:id/revoke", scope: writeP, recent: true, handler: s.revokeToken},
		{method: post, path: inside + "/office/tokens/:id/revoke", scope: writeP, recent: true, handler: s.revokeToken},

		{method: get, path: inside + "/office/settings", scope: seeA, handler: s.organisationPage},
		{method: post, path: inside + "/office/settings", scope: writeI, handler: s.changeOrganisation},
		{method: post, path: inside + "/office/settings/picture", scope: writeI, body: largeForm, handler: s.changePicture},

		{method: get, path: inside + "/office/keys", scope: seeK, handler: s.keysPage},
		{method: get, path: inside + "/office/keys/:key/rotate", scope: writeK, recent: true, handler: s.rotateKey},
		{method: post, path: inside + "/office/keys/:key/rotate", scope: writeK, recent: true, handler: s.rotateKey},
		{method: get, path: inside + "/office/keys/:key/retire", scope: writeK, recent: true, handler: s.retireKey},
		{method: post, path: inside + "/office/keys/:key/retire", scope: writeK, recent: true, handler: s.retireKey},
		{method: get, path: inside + "/office/keys/:key/compromise", scope: writeK, recent: true, handler: s.compromiseKey},
		{method: post, path: inside + "/office/keys/:key/compromise", scope: writeK, recent: true, handler: s.compromiseKey},
		{method: get, path: inside + "/office/keys/:key/reissue", scope: writeK, recent: true, handler: s.reissueKey},
		{method: post, path: inside + "/office/keys/:key/reissue", scope: writeK, recent: true, handler: s.reissueKey},

		{method: get, path: inside + "/office/endorsements", scope: seeA, handler: s.endorsements},
		{method: get, path: inside + "/office/endorsements/new", scope: writeI, handler: s.newEndorsement},
		{method: post, path: inside + "/office/endorsements/new", scope: writeI, handler: s.endorse},
		{method: get, path: inside + "/office/endorsements/attach", scope: writeI, handler: s.attachPage},
		{method: post, path: inside + "/office/endorsements/attach", scope: writeI, handler: s.attach},
		{method: get, path: inside + "/office/endorsements/:id", scope: seeA, handler: s.endorsement},
		{method: get, path: inside + "/office/endorsements/:id/revoke", scope: writeI, handler: s.revokeEndorsement},
		{method: post, path: inside + "/office/endorsements/:id/revoke", scope: writeI, handler: s.revokeEndorsement},
		{method: get, path: inside + "/office/endorsements/:id/detach", scope: writeI, handler: s.detachEndorsement},
		{method: post, path: inside + "/office/endorsements/:id/detach", scope: writeI, handler: s.detachEndorsement},

		{method: get, path: inside + "/office/webhooks", scope: seeW, handler: s.webhooked(s.webhooks)},
		{method: get, path: inside + "/office/webhooks/new", scope: writeW, recent: true, handler: s.webhooked(s.newWebhook)},
		{method: post, path: inside + "/office/webhooks/new", scope: writeW, recent: true, handler: s.webhooked(s.newWebhook)},
		{method: get, path: inside + "/office/webhooks/:id", scope: seeW, handler: s.webhooked(s.webhook)},
		{method: get, path: inside + "/office/webhooks/:id/edit", scope: writeW, handler: s.webhooked(s.changeWebhook)},
		{method: post, path: inside + "/office/webhooks/:id/edit", scope: writeW, handler: s.webhooked(s.changeWebhook)},
		{method: get, path: inside + "/office/webhooks/:id/secret", scope: writeW, recent: true, handler: s.webhooked(s.rotateWebhook)},
		{method: post, path: inside + "/office/webhooks/:id/secret", scope: writeW, recent: true, handler: s.webhooked(s.rotateWebhook)},
		{method: get, path: inside + "/office/webhooks/:id/try", scope: writeW, handler: s.webhooked(s.pingWebhook)},
		{method: post, path: inside + "/office/webhooks/:id/try", scope: writeW, handler: s.webhooked(s.pingWebhook)},
		{method: get, path: inside + "/office/webhooks/:id/off", scope: writeW, handler: s.webhooked(s.disableWebhook)},
		{method: post, path: inside + "/office/webhooks/:id/off", scope: writeW, handler: s.webhooked(s.disableWebhook)},
		{method: get, path: inside + "/office/webhooks/:id/on", scope: writeW, handler: s.webhooked(s.enableWebhook)},
		{method: post, path: inside + "/office/webhooks/:id/on", scope: writeW, handler: s.webhooked(s.enableWebhook)},
		{method: get, path: inside + "/office/webhooks/:id/remove", scope: writeW, handler: s.webhooked(s.removeWebhook)},
		{method: post, path: inside + "/office/webhooks/:id/remove", scope: writeW, handler: s.webhooked(s.removeWebhook)},
		{method: get, path: inside + "/office/webhooks/:id/replay", scope: writeW, handler: s.webhooked(s.replayWebhook)},
		{method: post, path: inside + "/office/webhooks/:id/replay", scope: writeW, handler: s.webhooked(s.replayWebhook)},
		{method: get, path: inside + "/office/webhooks/:id/deliveries/:delivery", scope: seeW, handler: s.webhooked(s.delivery)},
		{method: post, path: inside + "/office/webhooks/:id/deliveries/:delivery", scope: writeW, handler: s.webhooked(s.delivery)},

		{method: get, path: inside + "/office/activity", scope: audit, handler: s.activity},
		{method: get, path: inside + "/office/activity/export", scope: audit, handler: s.exportActivity},
		{method: get, path: inside + "/office/activity/head", scope: audit, handler: s.auditHead},

		// Many awards at once
		{method: get, path: inside + "/batches", scope: seeC, handler: s.batches},
		{method: get, path: inside + "/batches/new", scope: propose, handler: s.uploadPage},
		{method: post, path: inside + "/batches/new", scope: propose, body: listForm, handler: s.upload},
		{method: post, path: inside + "/batches/columns", scope: propose, body: keptForm, handler: s.sayColumns},
		{method: get, path: inside + "/batches/:id", scope: seeC, handler: s.batch},
		{method: get, path: inside + "/batches/:id/rejected.csv", scope: seeC, handler: s.rejectedFile},
		{method: get, path: inside + "/batches/:id/certificates.pdf", scope: seeC, handler: s.certificates},
		{method: get, path: inside + "/batches/:id/confirm", scope: propose, recent: true, handler: s.toBatch},
		{method: post, path: inside + "/batches/:id/confirm", scope: propose, handler: s.confirmBatch}, // recent as well where it revokes
		{method: get, path: inside + "/batches/:id/discard", scope: propose, handler: s.discardPage},
		{method: post, path: inside + "/batches/:id/discard", scope: propose, handler: s.discard},
		{method: get, path: inside + "/batches/:id/drop", scope: writeC, handler: s.dropPage},
		{method: post, path: inside + "/batches/:id/drop", scope: writeC, handler: s.dropBatch},
		{method: get, path: inside + "/batches/:id/release", scope: writeC, handler: s.releasePage},
		{method: post, path: inside + "/batches/:id/release", scope: writeC, handler: s.releaseBatch},
		{method: get, path: inside + "/batches/:id/undo", scope: propose, handler: s.undoPage},
		{method: post, path: inside + "/batches/:id/undo", scope: propose, handler: s.undo},
		{method: get, path: inside + "/revocations", scope: writeC, handler: s.revocationsPage},
		{method: post, path: inside + "/revocations", scope: writeC, handler: s.findRevocations},

		// What another person has to allow
		{method: get, path: inside + "/proposals", scope: seeC, handler: s.proposals},
		{method: get, path: inside + "/proposals/:id", scope: seeC, handler: s.proposal},
		{method: get, path: inside + "/proposals/:id/allow", scope: writeC, recent: true, handler: s.toProposal},
		{method: post, path: inside + "/proposals/:id/allow", scope: writeC, handler: s.allowProposal}, // recent as well where it revokes a batch or erases
		{method: post, path: inside + "/proposals/:id/refuse", scope: writeC, handler: s.refuseProposal},
		{method: post, path: inside + "/proposals/:id/withdraw", scope: propose, handler: s.withdrawProposal},

		// Cases
		{method: get, path: inside + "/cases", scope: issuer.ScopeCasesRead, handler: s.cases},
		{method: get, path: inside + "/cases/:id", scope: issuer.ScopeCasesRead, handler: s.caseFile},
		{method: get, path: inside + "/awards/:id/case", scope: writeC, handler: s.openCasePage},
		{method: post, path: inside + "/awards/:id/case", scope: writeC, handler: s.openCase},

		// Earners
		{method: get, path: inside + "/unclaimed", scope: seeC, handler: s.unclaimed},
		{method: get, path: inside + "/awards/:id/resend", scope: writeC, handler: s.resendPage},
		{method: post, path: inside + "/awards/:id/resend", scope: writeC, handler: s.resend},
		{method: get, path: inside + "/awards/:id/link", scope: writeC, recent: true, handler: s.linkForm},
		{method: post, path: inside + "/awards/:id/link", scope: writeC, recent: true, handler: s.showLink},
		{method: get, path: inside + "/awards/:id/erase", scope: erase, recent: true, handler: s.eraseAwardPage},
		{method: post, path: inside + "/awards/:id/erase", scope: erase, recent: true, handler: s.eraseAward},
		{method: get, path: inside + "/erase", scope: erase, recent: true, handler: s.erasePersonPage},
		{method: post, path: inside + "/erase", scope: erase, recent: true, handler: s.erasePerson},
	}
	for _, step := range s.caseSteps() {
		address := inside + "/cases/:id/" + step.path
		all = append(all, route{method: get, path: address, scope: writeC, handler: s.stepPage(step)},
			route{method: post, path: address, scope: writeC, handler: s.takeStep(step)})
	}
	return all
}
