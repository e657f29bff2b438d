/**
 * Planning domain of generated games: the actions of the single agent in a room. Actions,
 * parameters and predicates have the same names as in the benchmark, because grammars and tools
 * refer to them.
 */
export const householdDomain: string = `(define (domain household)
(:requirements :adl :typing)
(:types agent location receptacle object rtype otype)
(:predicates
  (atLocation ?a - agent ?l - location) (receptacleAtLocation ?r - receptacle ?l - location)
  (objectAtLocation ?o - object ?l - location) (inReceptacle ?o - object ?r - receptacle)
  (inReceptacleObject ?inner - object ?outer - object) (isReceptacleObject ?o - object)
  (receptacleType ?r - receptacle ?t - rtype) (objectType ?o - object ?t - otype)
  (canContain ?rt - rtype ?ot - otype) (openable ?r - receptacle) (opened ?r - receptacle)
  (checked ?r - receptacle) (holds ?a - agent ?o - object) (holdsAny ?a - agent)
  (pickupable ?o - object) (cleanable ?o - object) (heatable ?o - object) (coolable ?o - object)
  (toggleable ?o - object) (sliceable ?o - object) (isClean ?o - object) (isHot ?o - object)
  (isCool ?o - object) (isToggled ?o - object) (isSliced ?o - object))

; Movement. Going to a target at the current location has no effect, so there is no such command.
(:action GotoLocation
  :parameters (?a - agent ?lStart - location ?lEnd - location ?r - receptacle)
  :precondition (and (atLocation ?a ?lStart) (receptacleAtLocation ?r ?lEnd))
  :effect (and (not (atLocation ?a ?lStart)) (atLocation ?a ?lEnd)))

; Doors, lids and drawers.
(:action OpenObject
  :parameters (?a - agent ?l - location ?r - receptacle)
  :precondition (and (atLocation ?a ?l) (receptacleAtLocation ?r ?l)
    (openable ?r) (not (opened ?r)))
  :effect (and (opened ?r) (checked ?r)))
(:action CloseObject
  :parameters (?a - agent ?l - location ?r - receptacle)
  :precondition (and (atLocation ?a ?l) (receptacleAtLocation ?r ?l) (openable ?r) (opened ?r))
  :effect (not (opened ?r)))

; One hand, which holds at most one object.
(:action PickupObject
  :parameters (?a - agent ?l - location ?o - object ?r - receptacle)
  :precondition (and (atLocation ?a ?l) (receptacleAtLocation ?r ?l) (inReceptacle ?o ?r)
    (or (not (openable ?r)) (opened ?r)) (pickupable ?o) (not (holdsAny ?a)))
  :effect (and (not (inReceptacle ?o ?r)) (not (objectAtLocation ?o ?l)) (holds ?a ?o)
    (holdsAny ?a)))
(:action PutObject
  :parameters (?a - agent ?l - location ?o - object ?r - receptacle ?ot - otype ?rt - rtype)
  :precondition (and (holds ?a ?o) (atLocation ?a ?l) (receptacleAtLocation ?r ?l)
    (or (not (openable ?r)) (opened ?r))
    (objectType ?o ?ot) (receptacleType ?r ?rt) (canContain ?rt ?ot))
  :effect (and (inReceptacle ?o ?r) (objectAtLocation ?o ?l) (not (holds ?a ?o))
    (not (holdsAny ?a))))

; Treatments of the object in the hand by appliances, open or closed.
(:action CleanObject
  :parameters (?a - agent ?l - location ?r - receptacle ?o - object)
  :precondition (and (cleanable ?o) (holds ?a ?o) (atLocation ?a ?l) (receptacleAtLocation ?r ?l)
    (or (receptacleType ?r SinkType) (receptacleType ?r SinkBasinType)))
  :effect (isClean ?o))
(:action HeatObject
  :parameters (?a - agent ?l - location ?r - receptacle ?o - object)
  :precondition (and (heatable ?o) (holds ?a ?o) (atLocation ?a ?l) (receptacleAtLocation ?r ?l)
    (receptacleType ?r MicrowaveType))
  :effect (and (isHot ?o) (not (isCool ?o))))
(:action CoolObject
  :parameters (?a - agent ?l - location ?r - receptacle ?o - object)
  :precondition (and (coolable ?o) (holds ?a ?o) (atLocation ?a ?l) (receptacleAtLocation ?r ?l)
    (receptacleType ?r FridgeType))
  :effect (and (isCool ?o) (not (isHot ?o))))

; Lamps are switched on and stay on; knives cut objects at the same location.
(:action ToggleObject
  :parameters (?a - agent ?l - location ?o - object ?r - receptacle)
  :precondition (and (toggleable ?o) (inReceptacle ?o ?r) (atLocation ?a ?l)
    (receptacleAtLocation ?r ?l))
  :effect (isToggled ?o))
(:action SliceObject
  :parameters (?a - agent ?l - location ?co - object ?ko - object)
  :precondition (and (sliceable ?co) (atLocation ?a ?l) (objectAtLocation ?co ?l) (holds ?a ?ko)
    (or (objectType ?ko KnifeType) (objectType ?ko ButterKnifeType)))
  :effect (isSliced ?co))

; Observation. These set a mark that nothing reads, because an action without effect would not exist.
(:action look
  :parameters (?a - agent ?l - location)
  :precondition (atLocation ?a ?l)
  :effect (checked ?l))
(:action inventory :parameters (?a - agent) :precondition () :effect (checked ?a))
(:action help :parameters (?a - agent) :precondition () :effect (checked ?a))
(:action examineReceptacle
  :parameters (?a - agent ?r - receptacle)
  :precondition (exists (?l - location) (and (atLocation ?a ?l) (receptacleAtLocation ?r ?l)))
  :effect (checked ?r))
(:action examineObject
  :parameters (?a - agent ?o - object)
  :precondition (holds ?a ?o)
  :effect (checked ?o))
)
`;

/** Classes that the domain's actions mention; every problem must declare them. */
export const domainConstants: {
  readonly rtype: readonly string[];
  readonly otype: readonly string[];
} = {
  rtype: ["FridgeType", "MicrowaveType", "SinkBasinType", "SinkType"],
  otype: ["ButterKnifeType", "KnifeType"],
};
