"""The tooltips of the panel and the reports of its operators in German, by what they are in English."""

TOOLTIPS = {
    "A TrueType or OpenType font for all text; empty: Blender's own":
    "Eine TrueType- oder OpenType-Schrift für allen Text; leer: die von Blender",
    "A chain that reads from left to right; neighbours share a face":
    "Eine Kette, die sich von links nach rechts liest; Nachbarn teilen eine Seite",
    "A column of the left matrix times one number of the right":
    "Eine Spalte der linken Matrix mal eine Zahl der rechten",
    "A column of the left times a row of the right: all sums grow together":
    "Eine Spalte der linken mal eine Zeile der rechten: alle Summen wachsen gemeinsam",
    "A floor to the horizon": "Ein Boden bis zum Horizont",
    "A panorama, such as an HDRI, that lights the scene from all around":
    "Ein Panorama, etwa ein HDRI, das die Szene von ringsum beleuchtet",
    "A scene file (.toml) or an attention capture (.safetensors)":
    "Eine Szenendatei (.toml) oder eine Aufzeichnung von Aufmerksamkeit (.safetensors)",
    "A tensor of the scene's attention capture": "Ein Tensor aus der Aufzeichnung der Szene",
    "Add a small product of whole numbers, with every number visible":
    "Ein kleines Produkt ganzer Zahlen hinzufügen, in dem jede Zahl zu sehen ist",
    "Add the matrices of an expression, with made-up numbers; change everything else in the panel":
    "Die Matrizen eines Ausdrucks hinzufügen, mit erfundenen Zahlen; alles andere in der Seitenleiste"
    " ändern",
    "Additional light of the newest products": "Zusätzliches Licht der neuesten Produkte",
    "Additional light that the entries in use emit":
    "Zusätzliches Licht der Einträge, die gerade benutzt werden",
    "Additional parts of the head to show": "Weitere Teile des Kopfes, die gezeigt werden",
    "All links of a picture; none where one of them has no room":
    "Alle Verbindungen eines Bildes; keine, wo eine davon keinen Platz hat",
    "All matrices in one plane, as on a page, without products":
    "Alle Matrizen in einer Ebene, wie auf einer Seite, ohne Produkte",
    "Along the chain, with the product that is being made":
    "An der Kette entlang, mit dem Produkt, das gerade entsteht",
    "An array in a file of its own": "Ein Array in einer eigenen Datei",
    "An entry to explain by the products that add up to it, such as attn[it, animal]":
    "Ein Eintrag, der durch die Produkte erklärt wird, die ihn ergeben, etwa attn[it, animal]",
    "An initialiser, with its numbers in brackets if it takes any, such as normal(0, 0.3); or expr: "
    "and a formula of i and j":
    "Eine Vorschrift für die Werte, mit ihren Zahlen in Klammern, wenn sie welche nimmt, wie "
    "normal(0, 0.3); oder expr: und eine Formel aus i und j",
    "An object of this file": "Ein Objekt dieser Datei",
    "Another seed draws other random numbers": "Ein anderer Startwert gibt andere Zufallszahlen",
    "As a lens sees it": "Wie ein Objektiv es sieht",
    "At each place where it is used": "An jeder Stelle, an der sie verwendet wird",
    "At how many of the places where it is used the matrix is drawn":
    "An wie vielen der Stellen, an denen sie verwendet wird, die Matrix gezeichnet wird",
    "At one place; lines lead from there to what else uses it":
    "An einer Stelle; von dort führen Linien zu allem, was sie sonst verwendet",
    "Attention head of that layer": "Aufmerksamkeitskopf dieser Schicht",
    "Away from the result": "Vom Ergebnis weg",
    "Background, materials, light and colour maps, as one design":
    "Hintergrund, Materialien, Licht und Farbskalen, als ein Entwurf",
    "Beams from the row and the column in use to the entry that they make":
    "Strahlen von der Zeile und der Spalte, die benutzt werden, zu dem Eintrag, den sie ergeben",
    "Begin the film with a card that has the scene's title":
    "Den Film mit einer Tafel beginnen, auf der der Titel der Szene steht",
    "Bevelled cubes for matrices, spheres for the products":
    "Gefaste Würfel für Matrizen, Kugeln für die Produkte",
    "Black, beads in the colours of mm, entries in use twice as bright":
    "Schwarz, Perlen in den Farben von mm; benutzte Einträge sind doppelt so hell",
    "Blur before and behind the star; only if no text is on the picture, and the camera has no depth "
    "of field of its own":
    "Unschärfe vor und hinter dem Star; nur wenn kein Text im Bild steht und die Kamera keine eigene "
    "Schärfentiefe hat",
    "Blur before and behind the subject; title and legend are left out, because they would blur too":
    "Unschärfe vor und hinter dem Motiv; Titel und Legende fehlen dann, denn sie wären auch unscharf",
    "Both are drawn": "Beide werden gezeichnet",
    "Both take each step at the same time": "Beide tun jeden Schritt zur selben Zeit",
    "Bright studio with soft shadows; for slides and posters":
    "Helles Studio mit weichen Schatten; für Folien und Poster",
    "Brightness of lines along the rows of each matrix; 0: none":
    "Helligkeit der Linien entlang der Zeilen jeder Matrix; 0: keine",
    "Brightness of the picture, in stops": "Helligkeit des Bildes, in Blenden",
    "Build the scene again as if nobody had changed or deleted anything of it by hand; your own "
    "objects stay":
    "Die Szene neu bauen, als hätte niemand etwas an ihr von Hand geändert oder gelöscht; eigene "
    "Objekte bleiben",
    "Build the scene that the panel describes. A scene that was built here before is built again; any"
    " other scene stays as it is, and a new scene is made beside it":
    "Die Szene bauen, die die Seitenleiste beschreibt. Eine Szene, die hier gebaut wurde, wird neu "
    "gebaut; jede andere bleibt, wie sie ist, und eine neue entsteht daneben",
    "Change a setting of this matrix in the panel":
    "Eine Einstellung dieser Matrix in der Seitenleiste ändern",
    "Changes in the panel take effect in the built scene by themselves: light, sizes, materials and "
    "colour maps at once, all else after a short pause":
    "Änderungen hier gelten in der gebauten Szene von selbst: Licht, Größen, Materialien und "
    "Farbskalen sofort, alles andere nach einer kurzen Pause",
    "Choose this example; Build then makes it": "Dieses Beispiel wählen; „Bauen“ macht es dann",
    "Chosen by itself; without, the number is yours":
        "Wird von selbst bestimmt; ausgeschaltet gilt die eigene Zahl",
    "Click an element in the viewport to see its entry, its tokens and how it is made":
    "Ein Element in der Ansicht anklicken, um seinen Eintrag, seine Tokens und seine Entstehung zu "
    "sehen",
    "Colour map of signed values; zero is in its middle":
    "Farbskala für Werte mit Vorzeichen; null ist in ihrer Mitte",
    "Colour map of this matrix alone": "Farbskala nur dieser Matrix",
    "Colour map of this result alone": "Farbskala nur dieses Ergebnisses",
    "Colour map of values from 0 to 1, such as a softmax":
    "Farbskala für Werte von 0 bis 1, wie die eines Softmax",
    "Colour of its light": "Farbe ihres Lichts",
    "Colour of the background": "Farbe des Hintergrunds",
    "Colour of the background in the middle of the picture":
    "Farbe des Hintergrunds in der Mitte des Bildes",
    "Colour of the floor": "Farbe des Bodens",
    "Coloured and transparent": "Farbig und durchsichtig",
    "Contrast that is added by the view transform":
    "Kontrast, den die Ansichtstransformation hinzufügt",
    "Cuboids fold back and forth, as in mm": "Die Quader falten sich hin und her, wie in mm",
    "Cuboids of fewer products than this stay together when they scatter":
    "Quader mit weniger Produkten als so vielen bleiben beim Auseinanderrücken zusammen",
    "Dark studio, soft key light and cool rim; for films and talks":
    "Dunkles Studio, weiches Führungslicht und kühle Kante; für Filme und Vorträge",
    "Degrees above the scene: 90 is straight above it": "Grad über der Szene: 90 ist genau darüber",
    "Degrees by which the environment is turned": "Grad, um die die Umgebung gedreht ist",
    "Degrees: 0 at the camera, 90 at its right, 180 behind the scene":
    "Grad: 0 bei der Kamera, 90 rechts von ihr, 180 hinter der Szene",
    "Digest of the description shown in the panel":
    "Prüfsumme der Beschreibung, die die Seitenleiste zeigt",
    "Direction of the lamp as the camera sees it: drag the ball":
    "Richtung der Lampe, wie die Kamera sie sieht: die Kugel ziehen",
    "Distance between a cuboid and the matrices on its faces, in rows":
    "Abstand zwischen einem Quader und den Matrizen auf seinen Seiten, in Zeilen",
    "Distance by which the cuboids of a chain move apart, in rows":
    "Abstand, um den die Quader einer Kette auseinanderrücken, in Zeilen",
    "Distance of the hues of both signs from that hue":
    "Abstand der Farbtöne beider Vorzeichen von jenem",
    "Drawn, however many they are": "Gezeichnet, wie viele es auch sind",
    "Drawn; in a chain of cuboids only up to 200,000 products":
    "Gezeichnet; in einer Kette von Quadern nur bis zu 200.000 Produkten",
    "Each product as the scene file says": "Jedes Produkt, wie die Szenendatei es sagt",
    "Each product sweeps when its arguments are finished":
    "Jedes Produkt beginnt, wenn seine Argumente fertig sind",
    "End the film with a card that has source and credit":
    "Den Film mit einer Tafel beenden, auf der Quelle und Mitwirkende stehen",
    "Entries between the star and the product that uses it, as room for labels":
    "Einträge zwischen dem Star und dem Produkt, das ihn benutzt, als Platz für Beschriftung",
    "Entries that are added between heads or other results side by side":
    "Einträge, um die Köpfe oder andere Ergebnisse nebeneinander weiter auseinanderstehen",
    "Entries that stand out while all else steps back, such as attn[it, animal]":
    "Einträge, die hervortreten, während alles andere zurücktritt, etwa attn[it, animal]",
    "Every cuboid turns like the one before, in a spiral":
    "Jeder Quader wendet sich wie der vorige, in einer Spirale",
    "Everything floats": "Alles schwebt",
    "Fast on a graphics card": "Schnell auf einer Grafikkarte",
    "First line at the top of the picture": "Erste Zeile oben im Bild",
    "Focal length; a longer lens flattens the perspective; at 0 the view chooses":
    "Brennweite; ein längeres Objektiv flacht die Perspektive ab; bei 0 wählt die Ansicht",
    "Focus the camera on the picked element, or else on the active object. Title and legend are left "
    "out, because the lens would blur them":
    "Die Kamera auf das gewählte Element scharf stellen, sonst auf das aktive Objekt. Titel und "
    "Legende fehlen dann, denn das Objektiv würde sie unscharf machen",
    "Folder that is opened for scenes and captures; empty: the last folder used":
    "Ordner, der sich für Szenen und Aufzeichnungen öffnet; leer: der zuletzt benutzte",
    "Folder that is opened for stills, figures and films; empty: the last folder used":
    "Ordner, der sich für Standbilder, Abbildungen und Filme öffnet; leer: der zuletzt benutzte",
    "Frames of a film per second; 23.976 is 24000/1001 exactly":
    "Bilder eines Films in der Sekunde; 23.976 ist genau 24000/1001",
    "From a mirror to chalk": "Von einem Spiegel bis zu Kreide",
    "From low down, with a wide lens": "Von weit unten, mit weitem Objektiv",
    "From the corner, with all three axes alike and without perspective":
    "Von der Ecke, alle drei Achsen gleich und ohne Perspektive",
    "From the direction that the two angles give": "Aus der Richtung, die die beiden Winkel angeben",
    "From the front corner and above": "Von der vorderen Ecke und von oben",
    "From the front towards the right side, in degrees": "Von vorn zur rechten Seite, in Grad",
    "From the left corner and above, as mm shows its layouts":
    "Von der linken Ecke und von oben, wie mm seine Anordnungen zeigt",
    "From within a product's cuboid towards its left matrix":
    "Aus dem Quader eines Produkts auf seine linke Matrix",
    "From within a product's cuboid towards its result":
    "Aus dem Quader eines Produkts auf sein Ergebnis",
    "Full size and colour at the geometric mean of both largest magnitudes":
    "Volle Größe und Farbe beim geometrischen Mittel beider größten Beträge",
    "Full size and colour at the largest magnitude of the matrix itself":
    "Volle Größe und Farbe beim größten Betrag der Matrix selbst",
    "Full size and colour at the largest magnitude of the whole scene":
    "Volle Größe und Farbe beim größten Betrag der ganzen Szene",
    "Height of a film in pixels": "Höhe eines Films in Pixeln",
    "Height of a still in pixels": "Höhe eines Standbilds in Pixeln",
    "Height of the camera's view, in degrees; 90 is straight from above":
    "Wie hoch die Kamera schaut, in Grad; 90 ist gerade von oben",
    "How dark the far side of a bead is, in flat styles":
    "Wie dunkel die abgewandte Seite einer Perle ist, in flachen Stilen",
    "How each sweep starts and ends": "Wie jeder Durchlauf beginnt und endet",
    "How far edges and rims fade into the background, in flat styles":
    "Wie weit Kanten und Ränder in den Hintergrund übergehen, in flachen Stilen",
    "How light becomes colour; Standard keeps colours as they are":
    "Wie aus Licht Farbe wird; Standard behält die Farben, wie sie sind",
    "How many heads or other results stand in one row; the next ones begin a new row under it; 0: all":
    "Wie viele Köpfe oder andere Ergebnisse in einer Reihe stehen; die nächsten beginnen darunter "
    "eine neue; 0: alle",
    "How much further away the hue of the largest values is":
    "Wie viel weiter weg der Farbton der größten Werte ist",
    "How much more the larger parts of a chain scatter (above 0), or the smaller (below)":
    "Wie viel weiter die größeren Teile einer Kette auseinanderrücken (über 0), oder die kleineren "
    "(unter 0)",
    "How much the floor reflects": "Wie stark der Boden spiegelt",
    "How often the camera goes round in the film; below 0 it goes the other way":
    "Wie oft die Kamera im Film herumgeht; unter 0 geht sie andersherum",
    "How queries, keys and values are made of the layer's input":
    "Wie Queries, Keys und Values aus der Eingabe der Schicht entstehen",
    "How the camera moves during the film": "Wie sich die Kamera im Film bewegt",
    "How the cuboids of a chain are joined": "Wie die Quader einer Kette verbunden sind",
    "Hue between the signs, in mm's colour map":
    "Farbton zwischen den Vorzeichen, in der Farbskala von mm",
    "If a card is missing or fails, the CPU renders the rest":
    "Wenn eine Karte fehlt oder versagt, rendert die CPU den Rest",
    "If a card is missing or fails, the job ends; finished frames stay":
    "Wenn eine Karte fehlt oder versagt, endet der Auftrag; fertige Bilder bleiben",
    "If beams can be told apart": "Wenn man die Strahlen unterscheiden kann",
    "If there is room": "Wenn Platz ist",
    "It is left out of the picture": "Sie wird nicht gezeigt",
    "Keep these settings as a preset, or remove a preset: camera":
    "Diese Einstellungen als Vorgabe behalten, oder eine Vorgabe entfernen: Kamera",
    "Keep these settings as a preset, or remove a preset: layout":
    "Diese Einstellungen als Vorgabe behalten, oder eine Vorgabe entfernen: Anordnung",
    "Keep these settings as a preset, or remove a preset: light":
    "Diese Einstellungen als Vorgabe behalten, oder eine Vorgabe entfernen: Licht",
    "Keep these settings as a preset, or remove a preset: look":
    "Diese Einstellungen als Vorgabe behalten, oder eine Vorgabe entfernen: Aussehen",
    "Key light from the upper left, a broad fill, and a rim from behind":
    "Führungslicht von links oben, ein breites Fülllicht und eine Kante von hinten",
    "Key, fill and rim light": "Führungs-, Füll- und Kantenlicht",
    "Lay out labels, readouts, title and legend again for the camera, which stays as it is":
    "Beschriftung, flache Matrizen, Titel und Legende neu für die Kamera setzen, die bleibt, wie sie "
    "ist",
    "Layer of the captured model": "Schicht des aufgezeichneten Modells",
    "Leave the given matrices out of the picture": "Die gegebenen Matrizen nicht zeigen",
    "Length to which the whole film is stretched; at 0 the film is as long as its parts":
    "Länge, auf die der ganze Film gestreckt wird; bei 0 ist er so lang wie seine Teile",
    "Let a product sweep together with the one that makes its argument":
    "Ein Produkt zugleich mit dem durchlaufen, das sein Argument macht",
    "Light on black: products add up to a cloud whose brightness is their density":
    "Licht auf Schwarz: Produkte werden zu einer Wolke, die so hell wie dicht ist",
    "Light that elements emit in their own colour":
    "Licht, das Elemente in ihrer eigenen Farbe abgeben",
    "Light without a surface; light behind light adds up":
    "Licht ohne Oberfläche; Licht hinter Licht addiert sich",
    "Lightness of the largest values": "Helligkeit der größten Werte",
    "Lightness of the smallest values": "Helligkeit der kleinsten Werte",
    "Like Blocks, but in a line": "Wie Blöcke, aber in einer Linie",
    "Lines that show which matrices are multiplied or added, and what they make":
    "Linien, die zeigen, welche Matrizen multipliziert oder addiert werden, und was daraus wird",
    "Longer axes are drawn this long, and each bead stands for several entries; axes of the star stay"
    " as they are; 0: no axis is shortened":
    "Längere Achsen werden so lang gezeichnet, und jede Perle steht für mehrere Einträge; Achsen des "
    "Stars bleiben, wie sie sind; 0: keine Achse wird gekürzt",
    "Look through the camera in this viewport, with the whole frame visible, or leave the camera "
    "again":
    "In dieser Ansicht durch die Kamera schauen, das ganze Bild sichtbar, oder sie wieder verlassen",
    "Make an SVG of the current frame for a paper, in the background, with labels as type. The "
    "command line also makes PDF and PNG":
    "Ein SVG des aktuellen Bildes für einen Artikel im Hintergrund machen, die Beschriftung als "
    "Schrift. Die Kommandozeile macht auch PDF und PNG",
    "Matrices that the expression does not name at the moment":
    "Matrizen, die der Ausdruck gerade nicht nennt",
    "Matrices to show flat beside the scene, such as attn; Q. auto: the star where it cannot be read "
    "in the scene; off: none":
    "Matrizen, die flach neben der Szene stehen, etwa attn; Q. auto: der Star, wenn man ihn in der "
    "Szene nicht lesen kann; off: keine",
    "Moment of the still that the command line renders: 0 the start, 1 all is finished":
    "Zeitpunkt des Standbilds, das die Kommandozeile rendert: 0 der Anfang, bei 1 ist alles fertig",
    "Move the camera nearer or further away along its direction, until its subject and the labels "
    "fill the picture within the margin":
    "Die Kamera in ihrer Richtung näher oder weiter weg bewegen, bis ihr Motiv und die Beschriftung "
    "das Bild bis zum Rand füllen",
    "Move the camera to the view of this viewport, keep its lens, and lay out all text again":
    "Die Kamera zum Blick dieser Ansicht bewegen, ihr Objektiv behalten und allen Text neu setzen",
    "Name of the tensor in the capture, or in a file that holds several":
    "Name des Tensors in der Aufzeichnung, oder in einer Datei mit mehreren",
    "Nearly from the front, a little from the right and above":
    "Fast von vorn, etwas von rechts und von oben",
    "Nearly nothing, so that what glows can be seen": "Fast nichts, damit man sieht, was leuchtet",
    "No background; a film becomes a MOV, which keeps transparency":
    "Kein Hintergrund; ein Film wird MOV, das Durchsichtigkeit behält",
    "No lamps: only the picture that is the scene's environment":
    "Keine Lampen: nur das Bild, das die Umgebung der Szene ist",
    "No sweep: everything is there from the start": "Kein Durchlauf: alles ist von Anfang an da",
    "Numbers that are typed here or written in the scene file":
    "Zahlen, die hier getippt werden oder in der Szenendatei stehen",
    "One entry of the result after another, column-wise":
    "Ein Eintrag des Ergebnisses nach dem anderen, Spalte für Spalte",
    "One entry of the result after the other, along its rows":
    "Ein Eintrag des Ergebnisses nach dem anderen, Zeile für Zeile",
    "One row of the left matrix times the whole right matrix":
    "Eine Zeile der linken Matrix mal die ganze rechte Matrix",
    "One single product after the other": "Ein einzelnes Produkt nach dem anderen",
    "One very large light overhead and a white card in front: hardly a shadow":
    "Ein sehr großes Licht von oben und eine weiße Fläche davor: kaum ein Schatten",
    "Only soft shadows of the matrices, on an invisible floor; costs nothing":
        "Nur weiche Schatten der Matrizen, auf einem unsichtbaren Boden; kostet nichts",
    "Shadows of all that stands there, from every lamp; twice the time":
        "Schatten von allem, was dort steht, von jeder Lampe; doppelte Zeit",
    "Opacity of glass, or brightness of glow": "Deckkraft von Glas, oder Helligkeit des Glühens",
    "Open a scene (.toml), a head of an attention capture (.safetensors), or arrays (.npz, .npy, "
    ".csv): of several files that are chosen together the product, in their order":
    "Eine Szene (.toml), einen Kopf einer Aufzeichnung (.safetensors) oder Arrays (.npz, .npy, .csv) "
    "öffnen: von mehreren Dateien, die zusammen gewählt werden, das Produkt, in ihrer Reihenfolge",
    "Open the scene that this object instances, to change it in the panel":
    "Die Szene öffnen, die dieses Objekt zeigt, um sie in der Seitenleiste zu ändern",
    "Orthographic in the isometric view, else perspective":
    "Parallel in der isometrischen Ansicht, sonst mit Perspektive",
    "Part of each step's time in which the film rests, so that the step can be read":
    "Teil der Zeit jedes Schritts, in dem der Film ruht, damit man den Schritt lesen kann",
    "Part of the entries that become zero": "Anteil der Einträge, die null werden",
    "Part of the picture left free on every side": "Teil des Bildes, der an jeder Seite frei bleibt",
    "Parts into which the columns are cut": "Teile, in die die Spalten geschnitten sind",
    "Parts into which the inner axis is cut": "Teile, in die die innere Achse geschnitten ist",
    "Parts into which the rows are cut; all are swept at the same time":
    "Teile, in die die Zeilen geschnitten sind; alle werden zugleich durchlaufen",
    "Patterns, random draws and formulas": "Muster, Zufallszahlen und Formeln",
    "Percentile of a matrix's magnitudes at which colour and size are full; the legend shows it":
    "Perzentil der Beträge einer Matrix, bei dem Farbe und Größe voll sind; die Legende zeigt es",
    "Percentile of the products' magnitudes at which colour and size are full; the legend shows it":
    "Perzentil der Beträge der Produkte, bei dem Farbe und Größe voll sind; die Legende zeigt es",
    "Products up to this part of the magnitude at full colour are left out; the picture says so":
    "Produkte bis zu diesem Teil des Betrags mit voller Farbe werden weggelassen; das Bild sagt es",
    "Read the file again and set everything in the panel to what the file says":
    "Die Datei neu lesen und alles in der Seitenleiste so setzen, wie sie es sagt",
    "Relative to the key light of the studio": "Im Verhältnis zum Führungslicht des Studios",
    "Remove from this scene all that was built. Your own objects stay, and the scene gets back the "
    "settings, the world and the camera that it had before":
    "Alles aus dieser Szene entfernen, was gebaut wurde. Eigene Objekte bleiben, und die Szene bekommt "
    "die Einstellungen, die Welt und die Kamera zurück, die sie vorher hatte",
    "Remove the label of the picked element": "Die Beschriftung des gewählten Elements entfernen",
    "Render all frames in Blender's own render window, with the film's size and samples":
    "Alle Bilder in Blenders eigenem Renderfenster rendern, mit Größe und Abtastungen des Films",
    "Render all frames in the background and encode them as a film":
    "Alle Bilder im Hintergrund rendern und daraus einen Film machen",
    "Render the current frame in the background": "Das aktuelle Bild im Hintergrund rendern",
    "Results that the expression does not name at the moment":
    "Ergebnisse, die der Ausdruck gerade nicht nennt",
    "Round the subject, as on a turntable; a whole turn makes a loop":
    "Um das Motiv herum wie auf einem Drehteller; eine ganze Runde wird eine Schleife",
    'Rows and columns that one element stands for, such as "4x4", or "off" or "auto"; empty: as for '
    "the whole scene":
    "Zeilen und Spalten, für die ein Element steht, etwa „4x4“; oder „off“ oder „auto“; leer: wie in "
    "der ganzen Szene",
    'Rows and columns that one element stands for, such as "4x4"; "auto": as many as make it large '
    'enough to be seen; "off": one element for each entry':
    "Zeilen und Spalten, für die ein Element steht, etwa „4x4“; „auto“: so viele, dass es groß genug "
    "zu sehen ist; „off“: ein Element für jeden Eintrag",
    "Rows and columns; before them the sizes of leading axes such as heads, 0 for none":
    "Zeilen und Spalten; davor die Größen führender Achsen wie der Köpfe, 0 für keine",
    "Rows, columns or entries in a frame: attn[it] by token, attn[:, animal] a column, Q[0:4] and "
    'K[2] by position from 0, attn["12"] by a token of digits':
    "Zeilen, Spalten oder Einträge in einem Rahmen: attn[it] nach Token, attn[:, animal] eine Spalte,"
    ' Q[0:4] und K[2] nach der Stelle ab 0, attn["12"] ein Token aus Ziffern',
    "Samples per pixel of a film; more is less noise":
    "Abtastungen je Pixel eines Films; mehr rauscht weniger",
    "Samples per pixel of a still; more is less noise":
    "Abtastungen je Pixel eines Standbilds; mehr rauscht weniger",
    "Save the panel's settings as a scene file, for the command line or to keep":
    "Die Einstellungen der Seitenleiste als Szenendatei speichern, für die Kommandozeile oder zum "
    "Aufheben",
    "Scores, scale, mask and softmax each as a matrix of its own":
    "Punkte, Skalierung, Maske und Softmax, jeweils als eigene Matrix",
    "Second line of the title card": "Zweite Zeile der Titeltafel",
    "Second line, under the title": "Zweite Zeile, unter dem Titel",
    "Seconds for which the end card stands": "Sekunden, die die Schlusstafel steht",
    "Seconds for which the finished scene stands at the end":
    "Sekunden, die die fertige Szene am Ende steht",
    "Seconds for which the title card stands": "Sekunden, die die Titeltafel steht",
    "Seconds in which a result that is no product is made, such as a sum or a gate":
    "Sekunden, in denen ein Ergebnis entsteht, das kein Produkt ist, etwa eine Summe oder ein Gatter",
    "Seconds in which a result turns from its sums to its final values, such as a softmax":
    "Sekunden, in denen ein Ergebnis von seinen Summen zu seinen endgültigen Werten wird, etwa ein "
    "Softmax",
    "Seconds in which everything is undone at the end, so that the film can repeat without a jump; at"
    " 0 the film ends with the results":
    "Sekunden, in denen am Ende alles zurückgenommen wird, damit der Film sich ohne Sprung "
    "wiederholen kann; bei 0 endet er mit den Ergebnissen",
    "Seconds that each product's sweep takes": "Sekunden, die der Durchlauf jedes Produkts dauert",
    "Seconds to wait between one product and the next":
    "Sekunden Pause zwischen einem Produkt und dem nächsten",
    "Set place, lens and motion of the camera to what Matrix Cinema made":
    "Ort, Objektiv und Bewegung der Kamera so setzen, wie Matrix Cinema sie gemacht hat",
    "Set the active object and its data to what Matrix Cinema made":
    "Das aktive Objekt und seine Daten so setzen, wie Matrix Cinema sie gemacht hat",
    "Set the lamps and the world, or one lamp, to what Matrix Cinema made":
    "Die Lampen und die Welt, oder eine Lampe, so setzen, wie Matrix Cinema sie gemacht hat",
    "Show colour bars with numbers, and the sizes of elements, along the bottom of the picture":
    "Farbbalken mit Zahlen und die Größen der Elemente unten im Bild zeigen",
    "Show the expression at the top of the picture; the part that is being computed is lit":
    "Den Ausdruck oben im Bild zeigen; der Teil, der gerade berechnet wird, leuchtet",
    "Show title and caption at the top of the picture":
    "Titel und Bildunterschrift oben im Bild zeigen",
    "Signed: Fabio Crameri, Scientific colour maps (MIT)":
    "Mit Vorzeichen: Fabio Crameri, Scientific colour maps (MIT)",
    "Signed: colours of Basil Hosmer's mm, from its formulas":
    "Mit Vorzeichen: Farben von Basil Hosmers mm, aus dessen Formeln",
    "Signed: even steps in OKLab, computed by scripts/make_color_maps.py (CC0)":
    "Mit Vorzeichen: gleichmäßige Stufen in OKLab, berechnet von scripts/make_color_maps.py (CC0)",
    "Signed: tints of printing inks, computed by scripts/make_color_maps.py (CC0)":
    "Mit Vorzeichen: Töne von Druckfarben, berechnet von scripts/make_color_maps.py (CC0)",
    "Size and colour from the smallest to the largest magnitude of the matrix":
    "Größe und Farbe vom kleinsten bis zum größten Betrag der Matrix",
    "Size of every element; at 1 the largest ones nearly touch":
    "Größe aller Elemente; bei 1 berühren sich die größten fast",
    "Size of the elements nearest to zero, relative to the largest":
    "Größe der Elemente nahe null, im Verhältnis zum größten",
    "Size of the names inside their matrices, as in mm, which has 6; at 0 the names stand beside the "
    "matrices":
    "Größe der Namen in ihren Matrizen, wie in mm, wo sie 6 ist; bei 0 stehen die Namen neben den "
    "Matrizen",
    "Size of the products inside a cuboid, relative to the matrices":
    "Größe der Produkte in einem Quader, im Verhältnis zu den Matrizen",
    "Size of the vanes that point from left and right to the result; 0: none":
    "Größe der Fahnen, die von links und rechts auf das Ergebnis zeigen; 0: keine",
    "Size to which the products shrink when their sweep is over":
    "Größe, auf die die Produkte schrumpfen, wenn ihr Durchlauf vorbei ist",
    "Slow at the start and at the end": "Langsam am Anfang und am Ende",
    "Solid matrices around products of coloured glass; for looking into a cuboid":
    "Feste Matrizen um Produkte aus farbigem Glas; um in einen Quader hineinzusehen",
    "Speed of every sweep; above 0 it replaces the seconds of the sweep":
    "Geschwindigkeit jedes Durchlaufs; über 0 gilt sie statt der Sekunden des Durchlaufs",
    "Spheres for matrices and products": "Kugeln für Matrizen und Produkte",
    "Steady from start to end": "Gleichmäßig von Anfang bis Ende",
    "Steps in which a visited product fades away; at 0 products stay":
    "Schritte, in denen ein besuchtes Produkt verblasst; bei 0 bleiben Produkte",
    "Stop rendering. Finished frames of a film stay, so that the film can be resumed":
    "Aufhören zu rendern. Fertige Bilder eines Films bleiben, sodass er fortgesetzt werden kann",
    "Straight at one side of the scene: rows stay level, columns upright":
    "Gerade auf eine Seite der Szene: Zeilen bleiben waagerecht, Spalten aufrecht",
    "Straight at the front": "Gerade auf die Vorderseite",
    "Straight at the left side": "Gerade auf die linke Seite",
    "Straight at the right side": "Gerade auf die rechte Seite",
    "Straight from above": "Gerade von oben",
    "Straight from behind": "Gerade von hinten",
    "Straight from below": "Gerade von unten",
    "Strength of a clear coat on the elements": "Stärke eines Klarlacks auf den Elementen",
    "Strength of all lights together": "Stärke allen Lichts zusammen",
    "Strength of the light from all around": "Stärke des Lichts von ringsum",
    "Style for scenes without a scene file: captures, arrays, expressions":
    "Stil für Szenen ohne Szenendatei: Aufzeichnungen, Arrays, Ausdrücke",
    "Summed, but not drawn": "Summiert, aber nicht gezeichnet",
    "Sun from the upper left and a blue sky": "Sonne von links oben und ein blauer Himmel",
    "Text that is written instead of the name": "Text, der statt des Namens geschrieben wird",
    "The camera stands still": "Die Kamera steht still",
    "The choice for the whole scene": "Wie für die ganze Szene gewählt",
    "The device for Cycles: auto, cpu, optix, or certain cards, such as cuda:0,1":
    "Das Gerät für Cycles: auto, cpu, optix, oder bestimmte Karten wie cuda:0,1",
    "The device for scenes that say auto: auto, cpu, optix, or cards such as cuda:0,1":
    "Das Gerät für Szenen, die „auto“ sagen: auto, cpu, optix, oder Karten wie cuda:0,1",
    "The direction from which the camera looks; it frames everything, labels included":
    "Aus welcher Richtung die Kamera schaut; alles ist im Bild, auch die Beschriftung",
    "The direction from which the star, the matrix that the picture is about, reads best":
    "Die Richtung, aus der der Star, die Matrix, um die es im Bild geht, am besten zu lesen ist",
    "The direction of the inner axis": "Die Richtung der inneren Achse",
    "The direction of the last product's inner axis":
    "Die Richtung der inneren Achse des letzten Produkts",
    "The entry with the largest magnitude, with its sign":
    "Der Eintrag mit dem größten Betrag, mit seinem Vorzeichen",
    "The error in the chosen file": "Der Fehler in der gewählten Datei",
    "The expression, such as out = (attn = softmax(Q @ K.T)) @ V":
    "Der Ausdruck, etwa out = (attn = softmax(Q @ K.T)) @ V",
    "The file for stills, films and figures. The suffix chooses the format, such as .exr or .webm; "
    "without a suffix they are .png, .mp4 and .svg":
    "Die Datei für Standbilder, Filme und Abbildungen. Die Endung bestimmt das Format, etwa .exr oder"
    " .webm; ohne Endung werden es .png, .mp4 und .svg",
    "The file with the numbers: .npy, .npz, .safetensors, or text: .csv, .tsv, .txt":
    "Die Datei mit den Zahlen: .npy, .npz, .safetensors, oder Text: .csv, .tsv, .txt",
    "The file, layer, head and parts of the built scene":
    "Datei, Schicht, Kopf und Teile der gebauten Szene",
    "The given matrices": "Die gegebenen Matrizen",
    "The ground under everything": "Der Boden unter allem",
    "The lamp that is shown": "Die Lampe, die gezeigt wird",
    "The lamps around the scene": "Die Lampen um die Szene",
    "The largest number that the initialiser makes": "Die größte Zahl, die daraus entsteht",
    "The magnitude that has full colour and full size":
    "Der Betrag, der volle Farbe und volle Größe hat",
    "The map that belongs to the style": "Die Farbskala, die zum Stil gehört",
    "The material of the matrices": "Das Material der Matrizen",
    "The material of the products inside a cuboid": "Das Material der Produkte in einem Quader",
    "The matrix that is shown": "Die Matrix, die gezeigt wird",
    "The matrix that the picture is about; empty: the last softmax; none: no matrix":
    "Die Matrix, um die es im Bild geht; leer: der letzte Softmax; none: keine Matrix",
    "The mean of the entries": "Der Mittelwert der Einträge",
    "The most elements drawn as meshes in scenes without a scene file; more elements are drawn as "
    "spheres, which need far less memory":
    "So viele Elemente werden in Szenen ohne Szenendatei höchstens als Netze gezeichnet; sind es "
    "mehr, werden sie Kugeln, die viel weniger Speicher und Zeit brauchen",
    "The most elements that are drawn as meshes; more elements are drawn as spheres, which need far "
    "less memory and time":
    "So viele Elemente werden höchstens als Netze gezeichnet; sind es mehr, werden sie Kugeln, die "
    "viel weniger Speicher und Zeit brauchen",
    "The name of one of mm's epilogues, if the expression has none":
    "Name eines der Epiloge von mm, wenn der Ausdruck keinen hat",
    "The next product follows a step behind": "Das nächste Produkt folgt einen Schritt dahinter",
    "The number that an element shows for the entries it stands for":
    "Die Zahl, die ein Element für seine Einträge zeigt",
    'The numbers, such as "1, 0; 0, 1" with a semicolon between rows':
    "Die Zahlen, etwa „1, 0; 0, 1“, mit einem Semikolon zwischen den Zeilen",
    "The order in which its products are visited": "In welcher Reihenfolge die Produkte besucht werden",
    "The order in which the products are visited": "In welcher Reihenfolge die Produkte besucht werden",
    "The order of the product that uses its result":
    "Die Reihenfolge des Produkts, das dieses Ergebnis benutzt",
    "The place in which the star reads best": "Wo der Star am besten zu lesen ist",
    "The place of a sum whose product is only added to, scaled or cut":
    "Wo eine Summe steht, zu deren Produkt nur etwas addiert wird, oder das nur skaliert oder geschnitten"
    " wird",
    "The place of its left matrix": "Wo seine linke Matrix steht",
    "The place of its right matrix": "Wo seine rechte Matrix steht",
    "The place of the last product's left matrix": "Wo die linke Matrix des letzten Produkts steht",
    "The place of the last product's result": "Wo das Ergebnis des letzten Produkts steht",
    "The place of the last product's right matrix": "Wo die rechte Matrix des letzten Produkts steht",
    "The product is not drawn": "Das Produkt wird nicht gezeichnet",
    "The render engine": "Womit gerendert wird",
    "The residual stream, and what all heads of the layer add to it":
    "Der Residualstrom, und was alle Köpfe der Schicht zu ihm hinzufügen",
    "The result that is shown": "Das Ergebnis, das gezeigt wird",
    "The results": "Die Ergebnisse",
    "The rig whose lamps are shown": "Die Beleuchtung, deren Lampen gezeigt werden",
    "The root mean square of the entries, without sign":
    "Das quadratische Mittel der Einträge, ohne Vorzeichen",
    "The shape that is drawn for each number": "Die Form, die für jede Zahl gezeichnet wird",
    "The shape that the style has": "Die Form, die zum Stil gehört",
    "The smallest number that the initialiser makes": "Die kleinste Zahl, die daraus entsteht",
    "The source of the data, on the end card": "Die Quelle der Daten, auf der Schlusstafel",
    "The source of the numbers of this matrix": "Woher die Zahlen dieser Matrix kommen",
    "The star, the matrix that the picture is about, faces the camera":
    "Der Star, die Matrix, um die es im Bild geht, ist der Kamera zugewandt",
    "The whole left matrix times one column of the right":
    "Die ganze linke Matrix mal eine Spalte der rechten",
    "Thin haze in the air, in which beams of light show":
    "Leichter Dunst in der Luft, in dem man Lichtstrahlen sieht",
    "Tints of two inks on white paper, as discs; for print in two colours":
    "Töne zweier Druckfarben auf weißem Papier, als Scheiben; für zweifarbigen Druck",
    "To each product while it is made, and in the end to everything":
    "Zu jedem Produkt, während es entsteht, und am Ende zu allem",
    "Towards the result": "Zum Ergebnis hin",
    "Towards the subject; with a subject, from a view of everything":
    "Auf das Motiv zu; mit einem Motiv von einem Blick auf alles aus",
    "Traced light: soft shadows, and exact": "Verfolgtes Licht: weiche Schatten, und genau",
    "Unsigned: Fabio Crameri, Scientific colour maps (MIT)":
    "Ohne Vorzeichen: Fabio Crameri, Scientific colour maps (MIT)",
    "Unsigned: N. Smith and S. van der Walt, matplotlib (CC0)":
    "Ohne Vorzeichen: N. Smith und S. van der Walt, matplotlib (CC0)",
    "Unsigned: colours of Basil Hosmer's mm, from its formulas":
    "Ohne Vorzeichen: Farben von Basil Hosmers mm, aus dessen Formeln",
    "Unsigned: even steps in OKLab, computed by scripts/make_color_maps.py (CC0)":
    "Ohne Vorzeichen: gleichmäßige Stufen in OKLab, berechnet von scripts/make_color_maps.py (CC0)",
    "Unsigned: tints of printing inks, computed by scripts/make_color_maps.py (CC0)":
    "Ohne Vorzeichen: Töne von Druckfarben, berechnet von scripts/make_color_maps.py (CC0)",
    "Up or down to the view's height": "Hinauf oder hinunter zur Höhe der Ansicht",
    "Use the picked element in a setting of the panel":
    "Das gewählte Element in einer Einstellung der Seitenleiste benutzen",
    "What a render does if its card fails": "Was beim Rendern geschieht, wenn die Karte versagt",
    "What the camera frames and focuses on: a matrix, or the products of a result; empty: everything":
    "Was die Kamera ins Bild nimmt und scharf stellt: eine Matrix, oder die Produkte eines "
    "Ergebnisses; leer: alles",
    "What the columns are, such as head dimension": "Was die Spalten sind, etwa head dimension",
    "What the head writes into the residual stream": "Was der Kopf in den Residualstrom schreibt",
    "What the rows are, such as query": "Was die Zeilen sind, etwa query",
    "Where each head or other result stands, beside the one before":
    "Wo jeder Kopf oder jedes andere Ergebnis steht, neben dem vorigen",
    "Whether it is a matrix product, with an interior and a sweep":
    "Ob es ein Matrixprodukt ist, mit Innerem und Durchlauf",
    "Whether it shines": "Ob sie leuchtet",
    "Whether the products in the cuboid are drawn, or only the matrices on its faces":
    "Ob die Produkte im Quader gezeichnet werden, oder nur die Matrizen auf seinen Seiten",
    "Whether what is far away looks smaller": "Ob kleiner aussieht, was weit weg ist",
    "White and flat, exactly the colour map's colours; for figures in papers":
    "Weiß und flach, genau die Farben der Farbskala; für Abbildungen in Artikeln",
    "Who made this, on the end card": "Wer dies gemacht hat, auf der Schlusstafel",
    "Width of a cube's bevels, as a part of the cube's width":
    "Breite der Fasen eines Würfels, als Teil seiner Breite",
    "Width of a film in pixels": "Breite eines Films in Pixeln",
    "Width of a still in pixels": "Breite eines Standbilds in Pixeln",
    "Wait for the build of what was changed. Esc stops it; anything else goes on meanwhile":
    "Auf den Bau des Geänderten warten. Esc hält ihn an; alles andere geht währenddessen weiter",
    "Width of the lamp in sizes of the scene; a wide lamp is soft":
    "Breite der Lampe in Größen der Szene; eine breite Lampe ist weich",
    "Without perspective: parallel lines stay parallel":
    "Ohne Perspektive: parallele Linien bleiben parallel",
    "Write matrix names, shapes and the tokens along the axes":
    "Namen und Größen der Matrizen und die Tokens an den Achsen schreiben",
    "Write the node groups of Matrix Cinema as assets, and add their folder to the asset libraries. "
    "They then appear in the asset browser and in the menu Add of geometry nodes":
    "Die Knotengruppen von Matrix Cinema als Assets schreiben und ihren Ordner zu den Asset-"
    "Bibliotheken hinzufügen. Dann stehen sie im Asset-Browser und im Menü Hinzufügen der "
    "Geometrieknoten",
    "Write the number on each element": "Auf jedes Element seine Zahl schreiben",
    "Your own object, drawn for each number; it should have radius 1":
    "Ein eigenes Objekt, das für jede Zahl gezeichnet wird; sein Radius soll 1 sein",
}  # fmt: skip

# What operators report, and why they cannot run; what is in braces is filled in.
REPORTS = {
    "A copy of a built scene is yours and stays as it is: Build makes a new scene beside it.":
    "Die Kopie einer gebauten Szene gehört Ihnen und bleibt, wie sie ist: Bauen macht daneben eine "
    "neue Szene.",
    "A scene is being built": "Eine Szene wird gerade gebaut",
    "All": "Alle",
    "All heads of the layer, side by side": "Alle Köpfe der Schicht, nebeneinander",
    "Besides: {names}": "Außerdem: {names}",
    "Build a scene first": "Zuerst eine Szene bauen",
    "Building…": "Wird gebaut…",
    "Built by an earlier version. {told}.": "Von einer früheren Version gebaut. {told}.",
    "Built {elements:,} elements, {frames} frames": "{elements:,} Elemente gebaut, {frames} Bilder",
    "Cancelled; what is done stays": "Abgebrochen; was fertig ist, bleibt",
    "Choose a scene file or an attention capture first":
    "Zuerst eine Szenendatei oder eine Aufzeichnung wählen",
    "Click an element; Esc or right click: leave it":
    "Ein Element anklicken; Esc oder rechte Maustaste: aufhören",
    "Drawn as": "Gezeichnet als",
    "Folders": "Ordner",
    "Go on with the unfinished film, as it was begun: only the missing frames are rendered":
    "Den unfertigen Film so fortsetzen, wie er begonnen wurde: nur die fehlenden Bilder werden gerendert",
    "Labels are laid out for this camera": "Die Beschriftung ist für diese Kamera gesetzt",
    "Layer {name}: {n} heads, mask: {mask}": "Schicht {name}: {n} Köpfe, Maske: {mask}",
    "Layers": "Schichten",
    "Leave edit mode first": "Zuerst den Bearbeitungsmodus verlassen",
    "Length": "Länge",
    "Material Preview shows its colors. N opens the tab with its own scene":
    "Die Materialvorschau zeigt die Farben. N öffnet den Reiter mit der eigenen Szene",
    "Matrix Cinema builds what was changed; Esc stops it": "Matrix Cinema baut das Geänderte; Esc hält an",
    "Matrix Cinema draws the scene…": "Matrix Cinema zeichnet die Szene…",
    "Matrix Cinema makes its node groups; Esc stops it":
    "Matrix Cinema macht seine Knotengruppen; Esc hält an",
    "Matrix Cinema makes the film…": "Matrix Cinema macht den Film…",
    "Matrix Cinema sets up camera and labels; Esc stops it":
    "Matrix Cinema richtet Kamera und Beschriftung ein; Esc hält an",
    "Matrix Cinema works out the numbers; Esc stops it": "Matrix Cinema rechnet die Zahlen aus; Esc hält an",
    "Memory": "Speicher",
    "More than the budget of {budget}: spheres, light in memory.":
    "Mehr als das Budget von {budget}: Kugeln, die wenig Speicher brauchen.",
    "More than {n:,} elements: what you set waits for the button.":
    "Mehr als {n:,} Elemente: was Sie einstellen, wartet auf den Knopf.",
    "Nothing was changed by hand here": "Hier wurde nichts von Hand geändert",
    "Open a scene (.toml) or an attention capture (.safetensors), or begin with an example.":
    "Eine Szene (.toml) oder eine Aufzeichnung von Aufmerksamkeit (.safetensors) öffnen, oder mit "
    "einem Beispiel beginnen.",
    "Open a scene (.toml) or an attention capture (.safetensors).":
    "Eine Szene (.toml) oder eine Aufzeichnung von Aufmerksamkeit (.safetensors) öffnen.",
    "Open {name}": "{name} öffnen",
    "Products summed but not drawn: those of {names}. Results has a switch for each.":
    "Produkte, die summiert, aber nicht gezeichnet werden: die von {names}. Unter Ergebnisse gibt es "
    "für jedes einen Schalter.",
    "Query head {head} of layer {layer}": "Query-Kopf {head} der Schicht {layer}",
    "Rebuild": "Neu bauen",
    "Rebuild with Changes": "Mit Änderungen neu bauen",
    "Removed what was built": "Entfernt, was gebaut war",
    "Render all frames in the background and make a film of them":
    "Alle Bilder im Hintergrund rendern und einen Film daraus machen",
    "Rendering": "Rendern",
    "Saved {place}": "Gespeichert: {place}",
    "Something is being rendered; wait for it or cancel it":
    "Es wird schon gerendert; das Ende abwarten oder abbrechen",
    "Stopped; what was built stays": "Angehalten; was gebaut war, bleibt",
    "The last build took {seconds:.0f} s: what is pending waits for the button.":
    "Der letzte Bau dauerte {seconds:.0f} s: was aussteht, wartet auf den Knopf.",
    "The scene has no camera": "Die Szene hat keine Kamera",
    "This Blender has no window; use the command line":
    "Dieses Blender hat kein Fenster; dafür gibt es die Kommandozeile",
    "This is Blender as a Python module; use the command line":
    "Dies ist Blender als Python-Modul; dafür gibt es die Kommandozeile",
    "This is a copy of a built scene; build it first":
    "Dies ist die Kopie einer gebauten Szene; zuerst bauen",
    "What Is New": "Was neu ist",
    "Within the budget of {budget}: full meshes.": "Innerhalb des Budgets von {budget}: ganze Netze.",
    "about {size}": "etwa {size}",
    "meshes": "Netze",
    "nothing": "nichts",
    "points": "Punkte",
    "tensor {name}": "Tensor {name}",
    "the lens would blur title and legend": "das Objektiv würde Titel und Legende unscharf machen",
    "typed": "getippt",
    "{n:,} at most": "höchstens {n:,}",
    "{name} is not among the panel's results": "{name} ist keines der Ergebnisse der Seitenleiste",
    "{n} frames, {seconds:.1f} s": "{n} Bilder, {seconds:.1f} s",
    "{steps} steps": "{steps} Schritte",
}  # fmt: skip
