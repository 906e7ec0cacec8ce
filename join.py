import sys, matplotlib; matplotlib.use("agg")
import matplotlib.pyplot as plt
ims=[plt.imread(p)[...,:3] for p in sys.argv[2:]]
import numpy as np
W=max(i.shape[1] for i in ims)
ims=[np.pad(i,((0,8),(0,W-i.shape[1]),(0,0)),constant_values=1) for i in ims]
plt.imsave(sys.argv[1],np.concatenate(ims))
