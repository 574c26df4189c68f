/** Verbs that captions of motions use, as lemmas: our own list. */
export const VERBS = `
accelerate accept act add adjust advance aim alternate appear applaud apply approach arrange arrive ask assemble assist attach
attempt avoid back bake balance bang bark bash bat bathe beat beckon begin bend bite blend blink block blow board bob bounce
bow bowl box brake break breathe bring brush build bump burn button buy call caress carry carve cast catch celebrate change
charge chase chat check cheer chew chop circle clap clasp clean clear clench click climb clip close clutch collapse collect
collide comb come comfort complete connect continue control cook cool copy cough cover crack crawl cross crouch crumple crush
cry curl cut cycle dab dance dart decelerate decorate deliver descend dig dip direct disappear discard dismount display dive
dodge do drag draw dress dribble drift drill drink drive drop drum dry duck dump dust eat edge embrace emerge empty enter
erase escape examine exchange exercise exit explain extend face fall fan fasten feed feel fetch fidget fight fill film find
finish fish fix flap flash flex flick flinch flip float flow fly fold follow fry gallop gasp gather gaze gesture get give glance
glide go grab grasp greet grill grimace grind grip groom guide hand handle hang have heat help hesitate hide hit hold hop hug
hurry inflate insert inspect interact iron jab jog join juggle jump keep kick kiss knead kneel knit knock land laugh launch lay
lead lean leap leave lick lie lift light listen load lock look loosen lower make march mark massage measure melt mix mop mount
move mow nod observe offer open operate order pack paddle paint pan pant park part pass paste pat pause pedal peel peer perch
perform pet pick pinch pitch place plant play plug plunge point poke polish pop pose position pounce pound pour practice pray
prepare present press proceed pull pump punch push put race raise reach react read rearrange receive recline record release
remain remove repeat replace reply rest retract retreat retrieve return reverse ride rinse rip rise rock roll rotate row rub
run sail salute sand save saw say scan scatter scoop scrape scratch scream screw scroll scrub search season seat secure see
select separate serve set sew shake sharpen shave shield shift shoot shop shout shovel show shrug shuffle shut sigh sign sing
sip sit skate sketch ski skip slap slice slide slip slow smack smash smell smile smoke smooth snap sneeze sniff soak soar sort
speak spin spit splash spray spread spring sprinkle sprint squat squeeze stab stack stagger stand stare start startle stay
steer step stick stir stop straighten strap stretch stride strike strip stroke stroll strum struggle stumble surf swallow sway
sweep swim swing swirl switch swivel tackle take talk tap taste tear tease tend test text throw thrust tickle tidy tie tighten
tilt tip toss touch tow trace track trail transfer trim trip trot try tuck tug tumble turn twirl twist type unbutton uncover
undress unfold unlock unpack unplug unroll unscrew untie unwrap unzip use vacuum view wag wait wake walk wander wash watch
water wave wear weave weigh whip whisk whisper whistle wiggle wink wipe withdraw work wrap wrestle write yawn yell zip zoom
`
  .trim()
  .split(/\s+/);

/** Forms that no rule makes: lemma → its forms. */
export const IRREGULAR: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  `
be is are was were been being am
beat beaten
become became
begin began begun beginning
bend bent
bite bit bitten
blow blew blown
break broke broken
bring brought
build built
buy bought
catch caught
come came
cut cutting
dig dug digging
do does did done
draw drew drawn
drink drank drunk
drive drove driven
eat ate eaten
fall fell fallen
feed fed
feel felt
fight fought
find found
fly flew flown
get got gotten getting
give gave given
go goes went gone
grind ground
hang hung
have has had having
hide hid hidden
hit hitting
hold held
keep kept
kneel knelt
lay laid
lead led
lean leant
leap leapt
leave left
lie lying lay lain
light lit
make made
put putting
ride rode ridden
rise rose risen
run ran running
say said
see saw seen
sew sewn
set setting
shake shook shaken
shoot shot
show shown
shut shutting
sing sang sung
sit sat sitting
slide slid
speak spoke spoken
spin spun
spread
spring sprang sprung
stand stood
stick stuck
strike struck
swim swam swum swimming
swing swung
take took taken
tear tore torn
throw threw thrown
wake woke woken
wear wore worn
weave wove woven
withdraw withdrew withdrawn
write wrote written
`
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([lemma, ...forms]) => [lemma!, forms]),
);

/** Verbs whose forms show that a sentence tells of a motion, not of a scene. */
export const MOTION_VERBS = `
walk run jump pick grab take put place throw push pull lift turn twist open close hold shake wave point raise lower enter exit
stand sit move serve toss hit strike swing prepare position adjust touch reach carry bring approach step pass deliver focus aim
play perform dance spin bend stretch lean bite eat drink sip swallow search interact
`
  .trim()
  .split(/\s+/);

/** Forms in -ing that stand for things. */
export const ING_THINGS = `
cutting board|serving plate|serving dish|serving tray|cooking pot|cooking pan|cooking oil|baking dish|baking sheet|baking tray
rolling pin|shopping cart|shopping bag|running water|drinking water|cleaning cloth|wrapping paper|dining room|dining table
living room|waiting room|meeting room|dressing room|dressing table|swimming pool|running track|running shoes|diving board
washing machine|sewing machine|ironing board|sleeping bag|fishing rod|steering wheel|parking lot|climbing wall|boxing ring
`
  .trim()
  .split(/[|\n]/);
