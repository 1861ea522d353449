export { catalogue } from "./claims/catalogue.ts";
export type { Case, Claim } from "./experiment/claim.ts";
export { type RunOptions, type RunResult, runClaims } from "./experiment/run.ts";
export type { LosableSegment } from "./fault/segments.ts";
export { countIn } from "./judge/count.ts";
export { compared, type MeasureName, measured } from "./judge/measures.ts";
export { allOf, anyOf, not, type Observation } from "./judge/observation.ts";
export { claimed, given, type Question } from "./judge/question.ts";
export { received } from "./judge/received.ts";
export { callFailed, type EventFilter, sawEvent, sawNoEvent } from "./judge/runtime.ts";
export { inState, passedThrough, queueAt, rowAt, timerAt } from "./judge/states.ts";
export { elapsedBetween, sawBefore, stayedIn } from "./judge/times.ts";
export type { AgentProcess } from "./lab/agent-process.ts";
export type { Within } from "./lab/deadline.ts";
export type { DriverName } from "./lab/driver/driver.ts";
export type { Endpoint } from "./lab/endpoint.ts";
export type { Fault, FaultCount, FaultTarget } from "./lab/fault.ts";
export type { Hold } from "./lab/hold.ts";
export type { Host } from "./lab/host.ts";
export { Lab, type LabOptions, openLab } from "./lab/lab.ts";
export type { Family, Listener, ListenOptions } from "./lab/listener.ts";
export { orFailed } from "./lab/peer/conversation.ts";
export type { Injection } from "./lab/peer/inject.ts";
export type { PeerListener, PeerListenOptions } from "./lab/peer/listener.ts";
export type { Peer, PeerOption } from "./lab/peer/peer.ts";
export type { RawSegment } from "./lab/peer/raw-segment.ts";
export { Session } from "./lab/session.ts";
export type { ConnectOptions, DialOptions, Pair, PeerOptions } from "./lab/session-options.ts";
export type { Story } from "./lab/story.ts";
export { type FindLeaksOptions, findLeaks, type LeakTarget } from "./leak/find-leaks.ts";
export type { CaseData, ClaimData, Needs, Source } from "./model/claim.ts";
export { type ErrorCode, FinwaitError, isFinwaitError } from "./model/errors.ts";
export type * from "./model/fact.ts";
export type {
  CallSite,
  DescriptorUse,
  LeakCause,
  LeakedSocket,
  LeakReport,
  SocketHolder,
} from "./model/leak.ts";
export type { TriedClaim } from "./model/run.ts";
export type { Segment, TcpFlag } from "./model/segment.ts";
export type { SocketAddress, SocketMemory, SocketOwner, SocketRow, SocketTimer } from "./model/socket.ts";
export { type TcpState, tcpStates } from "./model/state.ts";
export type { MonoNs } from "./model/time.ts";
export type * from "./model/verdict.ts";
export type {
  PassedThreshold,
  SocketTotals,
  WatchedCount,
  WatchedDescriptors,
  WatchedGroup,
  WatchedState,
  WatchReading,
} from "./model/watch.ts";
export type { SocketInspection } from "./protocol/messages.ts";
export { describeLeaks } from "./report/leak/describe-leaks.ts";
export { callsOf, eventsOf, firstIn, measureOf, reading, readingsOf, statesOf } from "./timeline/query.ts";
export type { Timeline } from "./timeline/timeline.ts";
